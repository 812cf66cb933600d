{{/* Secrets, which reach the program by its environment alone. */}}

{{/* The secrets that were given in values, key by key; empty without any. */}}
{{- define "throughline.ownSecrets" -}}
{{- if and .Values.identity.key (not .Values.identity.existingSecret) }}
identity-key: {{ .Values.identity.key | quote }}
{{- end }}
{{- if and .Values.clickhouse.password (not .Values.clickhouse.existingSecret) }}
clickhouse-password: {{ .Values.clickhouse.password | quote }}
{{- end }}
{{- if and .Values.kafka.sasl.mechanism .Values.kafka.sasl.password (not .Values.kafka.sasl.existingSecret) }}
kafka-password: {{ .Values.kafka.sasl.password | quote }}
{{- end }}
{{- if and .Values.dashboard.enabled .Values.dashboard.session.secret (not .Values.dashboard.session.existingSecret) }}
dashboard-secret: {{ .Values.dashboard.session.secret | quote }}
{{- end }}
{{- end -}}

{{/* A variable from a Secret: list NAME SECRET KEY. */}}
{{- define "throughline.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{ end -}}

{{/* The variables of a container: dict context, role, own (the name of the
Secret with what was given in values). */}}
{{- define "throughline.environment" -}}
{{- $own := .own -}}
{{- $role := .role -}}
{{- with .context.Values -}}
{{- /* The image has a mode of its own, and the environment wins. */ -}}
- name: THROUGHLINE_MODE
  value: {{ .mode }}
{{ if .identity.existingSecret -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_IDENTITY__KEY" .identity.existingSecret .identity.secretKey) -}}
{{- with .identity.previousSecretKey -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_IDENTITY__PREVIOUS_KEY" $.context.Values.identity.existingSecret .) -}}
{{- end -}}
{{- with .identity.stableSecretKey -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_IDENTITY__STABLE_KEY" $.context.Values.identity.existingSecret .) -}}
{{- end -}}
{{- else -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_IDENTITY__KEY" $own "identity-key") -}}
{{- end -}}
{{- if .strimzi.enabled -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_KAFKA__CLIENT__SASL.PASSWORD" (include "throughline.fullname" $.context) "password") -}}
{{- else if .kafka.sasl.mechanism -}}
{{- if .kafka.sasl.existingSecret -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_KAFKA__CLIENT__SASL.PASSWORD" .kafka.sasl.existingSecret .kafka.sasl.passwordKey) -}}
{{- else -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_KAFKA__CLIENT__SASL.PASSWORD" $own "kafka-password") -}}
{{- end -}}
{{- end -}}
{{- $reader := .clickhouse.reader -}}
{{- if has $role (list "ingest" "processor" "topics") -}}
{{- /* These never speak to ClickHouse. */ -}}
{{- else if and (eq $role "dashboard") $reader.user -}}
- name: THROUGHLINE_CLICKHOUSE__USER
  value: {{ $reader.user | quote }}
{{ include "throughline.secretVariable" (list "THROUGHLINE_CLICKHOUSE__PASSWORD" $reader.existingSecret $reader.passwordKey) -}}
{{- else if .clickhouse.existingSecret -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_CLICKHOUSE__PASSWORD" .clickhouse.existingSecret .clickhouse.passwordKey) -}}
{{- else if .clickhouse.password -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_CLICKHOUSE__PASSWORD" $own "clickhouse-password") -}}
{{- end -}}
{{- if eq $role "dashboard" -}}
{{- with .dashboard.session -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_DASHBOARD__SECRET" (default $own .existingSecret) (ternary .secretKey "dashboard-secret" (ne .existingSecret ""))) -}}
{{- end -}}
{{- with .dashboard.access -}}
{{- if and .existingSecret .usersKey -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_DASHBOARD__USERS" .existingSecret .usersKey) -}}
{{- end -}}
{{- if and .existingSecret .tokensKey -}}
{{- include "throughline.secretVariable" (list "THROUGHLINE_DASHBOARD__TOKENS" .existingSecret .tokensKey) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq $role "processor" -}}
- name: THROUGHLINE_KAFKA__INSTANCE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{ with .snapshots -}}
{{- with .region -}}
- name: AWS_REGION
  value: {{ . | quote }}
{{ end -}}
{{- with .endpoint -}}
- name: AWS_ENDPOINT
  value: {{ . | quote }}
{{ end -}}
{{- if .allowHttp -}}
- name: AWS_ALLOW_HTTP
  value: "true"
{{ end -}}
{{- if .existingSecret -}}
{{- include "throughline.secretVariable" (list "AWS_ACCESS_KEY_ID" .existingSecret .accessKeyIdKey) -}}
{{- include "throughline.secretVariable" (list "AWS_SECRET_ACCESS_KEY" .existingSecret .secretAccessKeyKey) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .extraEnv -}}
{{ toYaml . }}
{{ end -}}
{{- end -}}
{{- end -}}
