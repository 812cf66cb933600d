{{/* Names and labels. */}}

{{- define "throughline.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What pods of the release are known by; never changes. */}}
{{- define "throughline.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "throughline.labels" -}}
{{ include "throughline.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: throughline
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The labels of pods: without versions, so that a new chart alone starts none anew. */}}
{{- define "throughline.podLabels" -}}
{{ include "throughline.selector" . }}
app.kubernetes.io/part-of: throughline
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "throughline.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "throughline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "throughline.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "throughline.kafkaCluster" -}}{{ include "throughline.fullname" . }}-kafka{{- end -}}
{{- define "throughline.clickhouseName" -}}{{ include "throughline.fullname" . | trunc 30 | trimSuffix "-" }}{{- end -}}

{{/* The annotations of an object that a job of this phase needs. Helm makes them
in the order of their weights, before everything else, and takes them away at the end. */}}
{{- define "throughline.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Which jobs there are: none for what operators have yet to make. */}}
{{- define "throughline.schemaJob" -}}
{{- if and .Values.jobs.schema.enabled (not .Values.clickhouseOperator.enabled) }}true{{ end -}}
{{- end -}}
{{- define "throughline.topicsJob" -}}
{{- if and .Values.jobs.topics.enabled (not .Values.strimzi.enabled) }}true{{ end -}}
{{- end -}}
{{- define "throughline.hasJobs" -}}
{{- if or (include "throughline.schemaJob" .) (include "throughline.topicsJob" .) }}true{{ end -}}
{{- end -}}
