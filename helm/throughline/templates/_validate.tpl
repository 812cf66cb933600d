{{/* Refuses values that cannot work together, each with its name and the remedy.
What a value alone may be stands in values.schema.json. */}}

{{- define "throughline.refuse" -}}
{{- fail (printf "\n\n%s\n" .) -}}
{{- end -}}

{{/* Settings of `config` that other values of the chart say: PATH INSTEAD. */}}
{{- define "throughline.refusedConfig" -}}
mode: mode
identity: identity
kafka.bootstrap_servers: kafka.bootstrapServers
kafka.create_topics: jobs.topics.enabled
kafka.client: kafka.properties, kafka.tls and kafka.sasl
kafka.instance: nothing, it is the pod's name
clickhouse.url: clickhouse.url
clickhouse.database: clickhouse.database
clickhouse.cluster: clickhouse.cluster
clickhouse.user: clickhouse.user
clickhouse.password: clickhouse.existingSecret
clickhouse.ca_file: clickhouse.tls.caSecret
clickhouse.certificate_file: clickhouse.tls.certificateSecret
clickhouse.key_file: clickhouse.tls.certificateSecret
clickhouse.apply_schema: jobs.schema.enabled
processor.data_dir: processor.persistence
processor.snapshots.url: snapshots.url
dashboard.listen: listenAddress
dashboard.secret: dashboard.session.existingSecret
dashboard.secure_cookies: dashboard.secureCookies
telemetry.listen: listenAddress
{{- end -}}

{{- define "throughline.validate" -}}
{{- $v := .Values -}}
{{- $production := eq $v.mode "production" -}}
{{- $effective := fromYaml (include "throughline.effective" .) -}}
{{- $partitions := $effective.kafka.partitions -}}

{{- range $path, $instead := fromYaml (include "throughline.refusedConfig" .) -}}
{{- $node := $v.config -}}
{{- $found := true -}}
{{- range splitList "." $path -}}
{{- if and $found (kindIs "map" $node) (hasKey $node .) -}}
{{- $node = get $node . -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- end -}}
{{- if $found -}}
{{- include "throughline.refuse" (printf "config.%s cannot be set: use %s." $path $instead) -}}
{{- end -}}
{{- end -}}

{{- if not (or $v.identity.existingSecret $v.identity.key) -}}
{{- include "throughline.refuse" "identity.existingSecret is required: the Secret with the key that identifiers are hashed with. Make one with `kubectl create secret generic throughline-identity --from-literal=key=$(openssl rand -hex 32)` and keep a copy: without it no client is known again." -}}
{{- end -}}
{{- if and $v.identity.previousSecretKey (not $v.identity.stableSecretKey) -}}
{{- include "throughline.refuse" "identity.previousSecretKey needs identity.stableSecretKey beside it: the key that was in use before the first rotation." -}}
{{- end -}}
{{- if and (or $v.identity.previousSecretKey $v.identity.stableSecretKey) (not $v.identity.existingSecret) -}}
{{- include "throughline.refuse" "identity.previousSecretKey and identity.stableSecretKey name keys of identity.existingSecret, which is empty." -}}
{{- end -}}

{{- if $v.strimzi.enabled -}}
{{- if or $v.kafka.bootstrapServers $v.kafka.sasl.mechanism $v.kafka.tls.enabled -}}
{{- include "throughline.refuse" "strimzi.enabled makes a Kafka of its own with TLS and SCRAM: leave kafka.bootstrapServers, kafka.tls.enabled and kafka.sasl.mechanism empty, or set strimzi.enabled to false." -}}
{{- end -}}
{{- if not (.Capabilities.APIVersions.Has "kafka.strimzi.io/v1/Kafka") -}}
{{- include "throughline.refuse" "strimzi.enabled needs the API kafka.strimzi.io/v1, which this cluster does not have: install the Strimzi operator, 0.49 or newer (chart strimzi-kafka-operator), first, or set strimzi.enabled to false and kafka.bootstrapServers to a Kafka that is there. For `helm template` add --api-versions kafka.strimzi.io/v1/Kafka." -}}
{{- end -}}
{{- if gt (int $effective.kafka.replication_factor) (int $v.strimzi.replicas) -}}
{{- include "throughline.refuse" (printf "config.kafka.replication_factor is %d, and strimzi.replicas only %d: each copy needs a broker." (int $effective.kafka.replication_factor) (int $v.strimzi.replicas)) -}}
{{- end -}}
{{- else if not $v.kafka.bootstrapServers -}}
{{- include "throughline.refuse" "kafka.bootstrapServers is required: the brokers as host:port, separated by commas; or set strimzi.enabled to make a Kafka." -}}
{{- end -}}
{{- with $v.kafka.sasl -}}
{{- if .mechanism -}}
{{- if not .username -}}
{{- include "throughline.refuse" "kafka.sasl.username is required with kafka.sasl.mechanism." -}}
{{- end -}}
{{- if not (or .existingSecret .password) -}}
{{- include "throughline.refuse" "kafka.sasl.existingSecret is required with kafka.sasl.mechanism: the Secret with the user's password." -}}
{{- end -}}
{{- if and $production (not $v.kafka.tls.enabled) -}}
{{- include "throughline.refuse" "kafka.sasl.mechanism without TLS shows passwords or what they are guessed from to the network: set kafka.tls.enabled, or mode to development." -}}
{{- end -}}
{{- else if or .username .existingSecret .password -}}
{{- include "throughline.refuse" "kafka.sasl.mechanism is empty, so nobody signs in: set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, or leave the other values of kafka.sasl empty." -}}
{{- end -}}
{{- end -}}
{{- if and (or $v.kafka.tls.caSecret $v.kafka.tls.certificateSecret) (not $v.kafka.tls.enabled) -}}
{{- include "throughline.refuse" "kafka.tls.caSecret and kafka.tls.certificateSecret have no effect without kafka.tls.enabled: set it." -}}
{{- end -}}
{{- range $name, $_ := $v.kafka.properties -}}
{{- if or (has $name (list "security.protocol" "sasl.mechanism" "sasl.mechanisms" "sasl.username" "sasl.password" "ssl.ca.location" "ssl.certificate.location" "ssl.key.location")) -}}
{{- include "throughline.refuse" (printf "kafka.properties.%s cannot be set: use kafka.tls and kafka.sasl." $name) -}}
{{- end -}}
{{- end -}}
{{- if and $production (lt (int $effective.kafka.replication_factor) 2) -}}
{{- include "throughline.refuse" "config.kafka.replication_factor is 1: a broker that is lost takes events with it. Set it to 2 or more, or mode to development." -}}
{{- end -}}

{{- if $v.clickhouseOperator.enabled -}}
{{- if $v.clickhouse.url -}}
{{- include "throughline.refuse" "clickhouseOperator.enabled makes a ClickHouse of its own: leave clickhouse.url empty, or set clickhouseOperator.enabled to false." -}}
{{- end -}}
{{- if not (.Capabilities.APIVersions.Has "clickhouse.altinity.com/v1/ClickHouseInstallation") -}}
{{- include "throughline.refuse" "clickhouseOperator.enabled needs the API clickhouse.altinity.com/v1, which this cluster does not have: install Altinity's operator (chart altinity-clickhouse-operator) first, or set clickhouseOperator.enabled to false and clickhouse.url to a ClickHouse that is there. For `helm template` add --api-versions clickhouse.altinity.com/v1/ClickHouseInstallation." -}}
{{- end -}}
{{- if not (or $v.clickhouse.existingSecret $v.clickhouse.password) -}}
{{- include "throughline.refuse" "clickhouse.existingSecret is required with clickhouseOperator.enabled: the Secret with the password that the user is made with." -}}
{{- end -}}
{{- if and (gt (int $v.clickhouseOperator.replicas) 1) (not (and $v.clickhouseOperator.keeper $v.clickhouse.cluster)) -}}
{{- include "throughline.refuse" "clickhouseOperator.replicas above 1 needs clickhouseOperator.keeper (where ClickHouse Keeper is) and clickhouse.cluster (the cluster's name): without them replicas hold different rows." -}}
{{- end -}}
{{- if $v.clickhouse.reader.user -}}
{{- include "throughline.refuse" "clickhouse.reader.user is a user of a ClickHouse that is there: with clickhouseOperator.enabled leave it empty." -}}
{{- end -}}
{{- if or $v.clickhouse.tls.caSecret $v.clickhouse.tls.certificateSecret -}}
{{- include "throughline.refuse" "clickhouse.tls is for an https:// endpoint: with clickhouseOperator.enabled leave it empty." -}}
{{- end -}}
{{- else -}}
{{- if not $v.clickhouse.url -}}
{{- include "throughline.refuse" "clickhouse.url is required: the HTTP endpoint, such as http://clickhouse:8123; or set clickhouseOperator.enabled to make a ClickHouse." -}}
{{- end -}}
{{- if and $production (not (or $v.clickhouse.existingSecret $v.clickhouse.password $v.clickhouse.tls.certificateSecret)) -}}
{{- include "throughline.refuse" "clickhouse.existingSecret is required in production: the Secret with the password of clickhouse.user (or clickhouse.tls.certificateSecret, a client certificate)." -}}
{{- end -}}
{{- if and (or $v.clickhouse.tls.caSecret $v.clickhouse.tls.certificateSecret) (not (hasPrefix "https://" $v.clickhouse.url)) -}}
{{- include "throughline.refuse" "clickhouse.tls has no effect on clickhouse.url without https://: begin it with https://." -}}
{{- end -}}
{{- with $v.clickhouse.reader -}}
{{- if and .user (not .existingSecret) -}}
{{- include "throughline.refuse" "clickhouse.reader.existingSecret is required with clickhouse.reader.user: the Secret with the user's password." -}}
{{- end -}}
{{- if and .existingSecret (not .user) -}}
{{- include "throughline.refuse" "clickhouse.reader.existingSecret has no effect without clickhouse.reader.user: name the user." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if gt (int $v.processor.replicas) (int $partitions.events) -}}
{{- include "throughline.refuse" (printf "processor.replicas is %d, and config.kafka.partitions.events %d: a partition has one processor, so the others would have no work. Set processor.replicas to %d or less (the number of partitions never changes)." (int $v.processor.replicas) (int $partitions.events) (int $partitions.events)) -}}
{{- end -}}
{{- if and $production (not $v.processor.persistence.enabled) (not $v.snapshots.url) -}}
{{- include "throughline.refuse" "processor.persistence.enabled is false and snapshots.url empty: each restart would read the whole log. Set one of them, or mode to development." -}}
{{- end -}}
{{- range $role, $topic := dict "ingest" "raw" "sink" "rollups" -}}
{{- $scaling := (get $v $role).autoscaling -}}
{{- if $scaling.enabled -}}
{{- if not ($.Capabilities.APIVersions.Has "keda.sh/v1alpha1/ScaledObject") -}}
{{- include "throughline.refuse" (printf "%s.autoscaling.enabled needs the API keda.sh/v1alpha1, which this cluster does not have: install KEDA (chart keda) first, or set %s.autoscaling.enabled to false. For `helm template` add --api-versions keda.sh/v1alpha1/ScaledObject." $role $role) -}}
{{- end -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- include "throughline.refuse" (printf "%s.autoscaling.minReplicas is %d, more than %s.autoscaling.maxReplicas, %d." $role (int $scaling.minReplicas) $role (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if gt (int $scaling.maxReplicas) (int (get $partitions $topic)) -}}
{{- include "throughline.refuse" (printf "%s.autoscaling.maxReplicas is %d, and config.kafka.partitions.%s %d: more pods than partitions have no work. Lower it, or add partitions to the topic and to config.kafka.partitions.%s." $role (int $scaling.maxReplicas) $topic (int (get $partitions $topic)) $topic) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.serviceMonitor.enabled (not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor")) -}}
{{- include "throughline.refuse" "serviceMonitor.enabled needs the API monitoring.coreos.com/v1, which this cluster does not have: install the Prometheus operator (chart kube-prometheus-stack) first, or set serviceMonitor.enabled to false. For `helm template` add --api-versions monitoring.coreos.com/v1/ServiceMonitor." -}}
{{- end -}}
{{- if and $v.prometheusRule.enabled (not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/PrometheusRule")) -}}
{{- include "throughline.refuse" "prometheusRule.enabled needs the API monitoring.coreos.com/v1, which this cluster does not have: install the Prometheus operator (chart kube-prometheus-stack) first, or set prometheusRule.enabled to false and load files/alerts.yaml yourself. For `helm template` add --api-versions monitoring.coreos.com/v1/PrometheusRule." -}}
{{- end -}}

{{- with $v.dashboard -}}
{{- if .enabled -}}
{{- if not (or .session.existingSecret .session.secret) -}}
{{- include "throughline.refuse" "dashboard.session.existingSecret is required: the Secret that sessions are signed with. Make one with `kubectl create secret generic throughline-dashboard --from-literal=secret=$(openssl rand -hex 32)`, or set dashboard.enabled to false." -}}
{{- end -}}
{{- if and (not .session.existingSecret) (lt (len .session.secret) 32) -}}
{{- include "throughline.refuse" "dashboard.session.secret is shorter than 32 bytes: anybody could sign a session. Make one with `openssl rand -hex 32`." -}}
{{- end -}}
{{- $own := default dict (get $v.config "dashboard") -}}
{{- $header := default dict (get $own "trusted_header") -}}
{{- if not (or (and .access.existingSecret (or .access.usersKey .access.tokensKey)) (get $own "users") (get $own "tokens") (get $header "name")) -}}
{{- include "throughline.refuse" "nobody may sign in to the dashboard: set dashboard.access.existingSecret (or config.dashboard.users; `throughline dashboard password` makes the hashes), or dashboard.enabled to false." -}}
{{- end -}}
{{- if .ingress.enabled -}}
{{- if not .ingress.host -}}
{{- include "throughline.refuse" "dashboard.ingress.host is required with dashboard.ingress.enabled." -}}
{{- end -}}
{{- if and $production (not .ingress.tlsSecret) -}}
{{- include "throughline.refuse" "dashboard.ingress.tlsSecret is required in production: without TLS passwords are readable on the way. Name the Secret with the certificate of the host." -}}
{{- end -}}
{{- end -}}
{{- else if .ingress.enabled -}}
{{- include "throughline.refuse" "dashboard.ingress.enabled without dashboard.enabled leads nowhere: set both or none." -}}
{{- end -}}
{{- end -}}

{{- /* What an installation that is there already does not let change. */ -}}
{{- with lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-config" (include "throughline.fullname" .)) -}}
{{- $before := mergeOverwrite (fromYaml (include "throughline.defaults" $)) (fromYaml (get .data "throughline.yaml")) -}}
{{- if ne (int $before.kafka.partitions.events) (int $partitions.events) -}}
{{- include "throughline.refuse" (printf "config.kafka.partitions.events is %d, and this installation was made with %d: every identifier has its place by it, so it can never change. Set it to %d again." (int $partitions.events) (int $before.kafka.partitions.events) (int $before.kafka.partitions.events)) -}}
{{- end -}}
{{- end -}}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace (printf "%s-processor" (include "throughline.fullname" .)) -}}
{{- if ne (get (default dict .metadata.annotations) "throughline/volumes") (include "throughline.volumesOfProcessors" $) -}}
{{- include "throughline.refuse" (printf "processor.persistence differs from that of the installation, which Kubernetes does not let change in a StatefulSet. Set it as it was, or enlarge the claims and remove the StatefulSet without its pods first (`kubectl delete statefulset %s --cascade=orphan`; docs/kubernetes.md, Scale)." .metadata.name) -}}
{{- end -}}
{{- end -}}

{{- if and (not $v.serviceAccount.create) (not $v.serviceAccount.name) -}}
{{- include "throughline.refuse" "serviceAccount.name is required without serviceAccount.create." -}}
{{- end -}}
{{- end -}}
