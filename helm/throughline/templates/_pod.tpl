{{/* What the pods of all roles and jobs have in common. */}}

{{/* What Kubernetes does not let change of the processors' volumes. */}}
{{- define "throughline.volumesOfProcessors" -}}
{{- with .Values.processor.persistence -}}
{{- if .enabled }}{{ printf "%v %s %s" .size .storageClass (toJson .annotations) }}{{ else }}none{{ end -}}
{{- end -}}
{{- end -}}

{{- define "throughline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where files of Secrets stand: list NAME SECRET KEY FILE [KEY FILE]. */}}
{{- define "throughline.secretVolumes" -}}
{{- $kafkaCa := .Values.kafka.tls.caSecret -}}
{{- $kafkaCaKey := .Values.kafka.tls.caKey -}}
{{- if .Values.strimzi.enabled -}}
{{- $kafkaCa = printf "%s-cluster-ca-cert" (include "throughline.kafkaCluster" .) -}}
{{- $kafkaCaKey = "ca.crt" -}}
{{- end -}}
{{- $all := list -}}
{{- if and (include "throughline.kafkaTls" .) $kafkaCa -}}
{{- $all = append $all (dict "name" "kafka-ca" "secret" $kafkaCa "items" (dict $kafkaCaKey "ca.crt")) -}}
{{- end -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.certificateSecret (not .Values.strimzi.enabled) -}}
{{- $all = append $all (dict "name" "kafka-client" "secret" .Values.kafka.tls.certificateSecret "items" (dict .Values.kafka.tls.certificateKey "tls.crt" .Values.kafka.tls.keyKey "tls.key")) -}}
{{- end -}}
{{- if .Values.clickhouse.tls.caSecret -}}
{{- $all = append $all (dict "name" "clickhouse-ca" "secret" .Values.clickhouse.tls.caSecret "items" (dict .Values.clickhouse.tls.caKey "ca.crt")) -}}
{{- end -}}
{{- if .Values.clickhouse.tls.certificateSecret -}}
{{- $all = append $all (dict "name" "clickhouse-client" "secret" .Values.clickhouse.tls.certificateSecret "items" (dict .Values.clickhouse.tls.certificateKey "tls.crt" .Values.clickhouse.tls.keyKey "tls.key")) -}}
{{- end -}}
{{- toYaml (dict "volumes" $all) -}}
{{- end -}}

{{/* Mounts of what every container has. */}}
{{- define "throughline.mounts" -}}
- name: config
  mountPath: /etc/throughline/config
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- range (fromYaml (include "throughline.secretVolumes" .)).volumes }}
- name: {{ .name }}
  mountPath: /etc/throughline/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{/* Volumes: dict context, config (the name of the ConfigMap). */}}
{{- define "throughline.volumes" -}}
- name: config
  configMap:
    name: {{ .config }}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- range (fromYaml (include "throughline.secretVolumes" .context)).volumes }}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- range $key, $path := .items }}
      - key: {{ $key }}
        path: {{ $path }}
      {{- end }}
{{- end }}
{{- end -}}

{{/* What the pods of all have in their spec before their containers: dict context, account. */}}
{{- define "throughline.podBase" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .context.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml .context.Values.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* The template of a role's pods: dict context, role, values (the role's). */}}
{{- define "throughline.podTemplate" -}}
{{- $context := .context -}}
{{- $role := .role -}}
{{- $effective := fromYaml (include "throughline.effective" $context) -}}
metadata:
  annotations:
    checksum/config: {{ include "throughline.config" $context | sha256sum }}
    checksum/secrets: {{ include "throughline.ownSecrets" $context | sha256sum }}
    kubectl.kubernetes.io/default-container: {{ $role }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "throughline.podLabels" $context | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
    {{- with .values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "throughline.podBase" (dict "context" $context "account" (include "throughline.serviceAccount" $context)) | nindent 2 }}
  # Longer than the program takes to end by itself.
  terminationGracePeriodSeconds: {{ add (ceil (divf $effective.shutdown_timeout_ms 1000)) 15 }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $context.Values.topologySpread.keys }}
  topologySpreadConstraints:
    {{- range . }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $context.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "throughline.selector" $context | nindent 10 }}
          app.kubernetes.io/component: {{ $role }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $role }}
      image: {{ include "throughline.image" $context }}
      imagePullPolicy: {{ $context.Values.image.pullPolicy }}
      args: [--config, /etc/throughline/config/throughline.yaml, {{ $role }}]
      env:
        {{- include "throughline.environment" (dict "context" $context "role" $role "own" (printf "%s-secrets" (include "throughline.fullname" $context))) | trim | nindent 8 }}
        {{- with .values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: metrics
          containerPort: 9464
        {{- if eq $role "dashboard" }}
        - name: http
          containerPort: 8080
        {{- end }}
      # Alive while nothing has failed for good; ready when Kafka and ClickHouse are there, too.
      livenessProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 5
        timeoutSeconds: 5
      # A store that is opened after a crash may take its time.
      startupProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 60
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      securityContext:
        {{- include "throughline.containerSecurity" $context | nindent 8 }}
      volumeMounts:
        {{- include "throughline.mounts" $context | nindent 8 }}
        {{- if eq $role "processor" }}
        - name: state
          mountPath: /var/lib/throughline
        {{- end }}
  volumes:
    {{- include "throughline.volumes" (dict "context" $context "config" (printf "%s-config" (include "throughline.fullname" $context))) | nindent 4 }}
    {{- if and (eq $role "processor") (not $context.Values.processor.persistence.enabled) }}
    - name: state
      emptyDir:
        sizeLimit: {{ $context.Values.processor.persistence.size }}
    {{- end }}
{{- end -}}
