# syntax=docker/dockerfile:1
# The program in an image: its own binary, certificates, and the libraries that
# it is linked with. No step needs the network but the packages and the crates.

FROM rust:1.95.0-bookworm AS build
WORKDIR /build
ENV CARGO_TERM_COLOR=never

# What the program is built on, in a layer that stays until a manifest changes.
COPY Cargo.toml Cargo.lock ./
COPY channels/Cargo.toml channels/
COPY dashboard/Cargo.toml dashboard/
COPY fuzz/Cargo.toml fuzz/
COPY ingest/Cargo.toml ingest/
COPY processor/Cargo.toml processor/
COPY processor/core/Cargo.toml processor/core/
COPY proto/Cargo.toml proto/
COPY sink/Cargo.toml sink/
COPY stream/Cargo.toml stream/
COPY stream/brokers/Cargo.toml stream/brokers/
COPY tests/Cargo.toml tests/
COPY dev/dependencies.sh dev/
RUN dev/dependencies.sh stubs && dev/dependencies.sh build

# The program itself.
COPY channels channels
COPY config config
COPY dashboard dashboard
COPY ingest ingest
COPY processor processor
COPY proto proto
COPY sink sink
COPY src src
COPY stream stream
RUN cargo build --release --locked --package throughline --bin throughline

FROM debian:12.12-slim
# Security updates of these matter more than one fixed version of them.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/throughline
COPY --from=build /build/target/release/throughline /usr/local/bin/throughline

LABEL org.opencontainers.image.title="throughline" \
    org.opencontainers.image.description="A streaming attribution pipeline: from Kafka through journeys and credits to ClickHouse" \
    org.opencontainers.image.licenses="Apache-2.0"

# Secrets must be given, and nothing is made up.
ENV THROUGHLINE_MODE=production
# The root may be read-only: state and snapshots go to this volume, what `verify`
# needs for a while to /tmp.
WORKDIR /var/lib/throughline
VOLUME /var/lib/throughline
USER 65532:65532
# Pages, and metrics with health, where their `listen` says so.
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
# Whether it lives; whether it is ready, too, `throughline health` says.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["throughline", "health", "--live"]
ENTRYPOINT ["throughline"]
CMD ["run"]
