{{/* The program's configuration: what stands in `config`, and what follows from
other values. Secrets are no part of it. */}}

{{/* What the program has by default of the settings that templates read
(config/default.yaml; `make test-chart` compares them). */}}
{{- define "throughline.defaults" -}}
kafka:
  topics:
    web: web
    calls: calls
    emails: emails
    deals: deals
    costs: costs
    touches: touches
    numbers: numbers
    identities: identities
    events: events
    rollups: rollups
    dead_letters: dead-letters
  partitions:
    raw: 4
    events: 8
    rollups: 4
    dead_letters: 1
  replication_factor: 1
  retention_hours:
    raw: 168
    rollups: -1
    dead_letters: 720
  max_record_bytes: 16777216
  groups:
    ingest: throughline-ingest
    processor: throughline-processor
    sink: throughline-sink
processor:
  workers: 2
shutdown_timeout_ms: 20000
{{- end -}}

{{/* What this chart sets, as YAML. */}}
{{- define "throughline.owned" -}}
mode: {{ .Values.mode }}
kafka:
  bootstrap_servers: {{ include "throughline.bootstrap" . | quote }}
  create_topics: {{ not (or .Values.strimzi.enabled .Values.jobs.topics.enabled) }}
  client:
    {{- with .Values.kafka.properties }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    security.protocol: {{ include "throughline.kafkaProtocol" . }}
    {{- if include "throughline.kafkaTls" . }}
    {{- if or .Values.strimzi.enabled .Values.kafka.tls.caSecret }}
    ssl.ca.location: /etc/throughline/kafka-ca/ca.crt
    {{- end }}
    {{- if and .Values.kafka.tls.certificateSecret (not .Values.strimzi.enabled) }}
    ssl.certificate.location: /etc/throughline/kafka-client/tls.crt
    ssl.key.location: /etc/throughline/kafka-client/tls.key
    {{- end }}
    {{- end }}
    {{- if .Values.strimzi.enabled }}
    sasl.mechanism: SCRAM-SHA-512
    sasl.username: {{ include "throughline.fullname" . }}
    {{- else if .Values.kafka.sasl.mechanism }}
    sasl.mechanism: {{ .Values.kafka.sasl.mechanism }}
    sasl.username: {{ .Values.kafka.sasl.username | quote }}
    {{- end }}
clickhouse:
  url: {{ include "throughline.clickhouseUrl" . | quote }}
  database: {{ .Values.clickhouse.database }}
  user: {{ .Values.clickhouse.user | quote }}
  apply_schema: {{ not (include "throughline.schemaJob" .) }}
  {{- with .Values.clickhouse.cluster }}
  cluster: {{ . | quote }}
  {{- end }}
  {{- if .Values.clickhouse.tls.caSecret }}
  ca_file: /etc/throughline/clickhouse-ca/ca.crt
  {{- end }}
  {{- if .Values.clickhouse.tls.certificateSecret }}
  certificate_file: /etc/throughline/clickhouse-client/tls.crt
  key_file: /etc/throughline/clickhouse-client/tls.key
  {{- end }}
processor:
  data_dir: /var/lib/throughline/state
  {{- with .Values.snapshots.url }}
  snapshots:
    url: {{ . | quote }}
  {{- end }}
dashboard:
  listen: {{ printf "%s:8080" .Values.listenAddress | quote }}
  secure_cookies: {{ .Values.dashboard.secureCookies }}
telemetry:
  listen: {{ printf "%s:9464" .Values.listenAddress | quote }}
{{- end -}}

{{- define "throughline.config" -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) (fromYaml (include "throughline.owned" .))) -}}
{{- end -}}

{{/* The configuration with the defaults that templates read. */}}
{{- define "throughline.effective" -}}
{{- toYaml (mergeOverwrite (fromYaml (include "throughline.defaults" .)) (deepCopy .Values.config)) -}}
{{- end -}}

{{- define "throughline.bootstrap" -}}
{{- if .Values.strimzi.enabled -}}
{{- printf "%s-kafka-bootstrap:9093" (include "throughline.kafkaCluster" .) -}}
{{- else -}}
{{- .Values.kafka.bootstrapServers -}}
{{- end -}}
{{- end -}}

{{- define "throughline.kafkaTls" -}}
{{- if or .Values.strimzi.enabled .Values.kafka.tls.enabled }}true{{ end -}}
{{- end -}}

{{- define "throughline.kafkaProtocol" -}}
{{- if or .Values.strimzi.enabled .Values.kafka.sasl.mechanism -}}
{{- ternary "SASL_SSL" "SASL_PLAINTEXT" (eq (include "throughline.kafkaTls" .) "true") -}}
{{- else -}}
{{- ternary "SSL" "PLAINTEXT" (eq (include "throughline.kafkaTls" .) "true") -}}
{{- end -}}
{{- end -}}

{{- define "throughline.clickhouseUrl" -}}
{{- if .Values.clickhouseOperator.enabled -}}
{{- printf "http://clickhouse-%s:8123" (include "throughline.clickhouseName" .) -}}
{{- else -}}
{{- .Values.clickhouse.url -}}
{{- end -}}
{{- end -}}
