import type { SettingName } from '../settings.js'

/** What this server does with a setting of Gunicorn's. */
export interface GunicornOption {
  /** Of this server, what it sets. Command lines and config files have the same values for both. */
  readonly setting?: SettingName
  /** Of Gunicorn's command line, if this server's own does not have them. */
  readonly flags?: string
  /** Gunicorn splits a text with commas into a list. */
  readonly isList?: true
  /** If it sets nothing here: what is to be done instead, or why nothing is. */
  readonly instead?: string
  /** To go on without it would be wrong: it protects something, or something else would be served. */
  readonly isVital?: true
  /** Values with which it does nothing in Gunicorn either. */
  readonly idle?: readonly unknown[]
}

const OWN_LOGS = 'see errorlog, accesslog, loglevel and logFormat; what the application logs is as it configures that'
const STRICT = 'requests are read strictly, as RFC 9112 has it'

const HTTP2 = 'the limits of HTTP/2 are fixed (docs/http2.md)'
const CONTROL = 'controlSocket is off unless it is set, and its own user and root alone may use it'
const DIRTY = 'there are no dirty workers: run long tasks in a task queue, Celery for instance'

/** THE table of Gunicorn's settings, by its names, hooks left out. */
export const gunicornOptions: Readonly<Record<string, GunicornOption>> = {
  wsgi_app: { setting: 'app' },
  bind: { setting: 'bind', isList: true },
  backlog: { setting: 'backlog' },
  reuse_port: { setting: 'reusePort' },
  workers: { setting: 'workers' },
  worker_class: { setting: 'workerClass' },
  threads: { setting: 'threads' },
  worker_connections: { setting: 'workerConnections' },
  max_requests: { setting: 'maxRequests' },
  max_requests_jitter: { setting: 'maxRequestsJitter' },
  timeout: { setting: 'timeout' },
  graceful_timeout: { setting: 'gracefulTimeout' },
  keepalive: { setting: 'keepAlive' },
  limit_request_line: { setting: 'limitRequestLine' },
  limit_request_fields: { setting: 'limitRequestFields' },
  limit_request_field_size: { setting: 'limitRequestFieldSize', flags: '--limit-request-field_size <N>' },
  reload: { setting: 'reload' },
  reload_extra_files: { setting: 'reloadExtraFiles', isList: true },
  preload_app: { setting: 'preload' },
  chdir: { setting: 'chdir' },
  daemon: { setting: 'daemon' },
  raw_env: { setting: 'rawEnv', isList: true },
  pidfile: { setting: 'pidfile' },
  user: { setting: 'user' },
  group: { setting: 'group' },
  initgroups: { setting: 'initgroups' },
  umask: { setting: 'umask' },
  tmp_upload_dir: { setting: 'tmpUploadDir' },
  accesslog: { setting: 'accesslog' },
  access_log_format: { setting: 'accessLogFormat' },
  errorlog: { setting: 'errorlog' },
  loglevel: { setting: 'loglevel' },
  capture_output: { setting: 'captureOutput' },
  proc_name: { setting: 'procName' },
  pythonpath: { setting: 'pythonpath' },
  certfile: { setting: 'certfile' },
  keyfile: { setting: 'keyfile' },
  ca_certs: { setting: 'caCerts' },
  cert_reqs: { setting: 'certReqs' },
  ciphers: { setting: 'ciphers' },

  check_config: { instead: 'it is an option of the command line, --check-config', idle: [false] },
  print_config: { instead: 'it is an option of the command line, --print-config', idle: [false] },
  ssl_version: {
    flags: '--ssl-version <N>',
    instead: 'versions of TLS are chosen by tlsMinVersion and tlsMaxVersion; Gunicorn does not heed it either',
    idle: [2],
  },
  ssl_context: { instead: 'a hook in a config file of JavaScript, sslContext, can change the options of TLS' },
  do_handshake_on_connect: {
    flags: '--do-handshake-on-connect',
    instead: 'the handshake comes first and holds nothing up',
    idle: [false, true],
  },
  suppress_ragged_eofs: {
    flags: '--suppress-ragged-eofs',
    instead: 'the end of a connection without one of TLS is no error',
    idle: [true, false],
  },
  proxy_protocol: { setting: 'proxyProtocol' },
  proxy_allow_ips: { setting: 'proxyAllowIps' },
  paste: {
    flags: '--paste, --paster <FILE>',
    instead: 'write a module that loads it: application = paste.deploy.loadapp("config:/path/to.ini")',
    isVital: true,
  },
  raw_paste_global_conf: { flags: '--paste-global <CONF>', instead: 'there is no paste here', idle: [[]] },
  reload_engine: { flags: '--reload-engine <ENGINE>', instead: 'changes are noticed by inotify', idle: ['auto'] },
  worker_tmp_dir: { flags: '--worker-tmp-dir <DIR>', instead: 'signs of life need no file here' },
  sendfile: { flags: '--no-sendfile', instead: 'files are sent by the front', idle: [true] },
  spew: { flags: '--spew', instead: 'trace by python -m trace, or sys.settrace in the application', idle: [false] },
  enable_stdio_inheritance: {
    flags: '-R, --enable-stdio-inheritance',
    instead: 'standard output and error are inherited anyway',
    idle: [false],
  },
  disable_redirect_access_to_syslog: { setting: 'disableRedirectAccessToSyslog' },
  logger_class: { flags: '--logger-class <CLASS>', instead: OWN_LOGS },
  logconfig: { flags: '--log-config <FILE>', instead: OWN_LOGS },
  logconfig_dict: { flags: '--log-config-dict <DICT>', instead: OWN_LOGS, idle: [{}] },
  logconfig_json: { flags: '--log-config-json <FILE>', instead: OWN_LOGS },
  syslog: { setting: 'syslog' },
  syslog_addr: { setting: 'syslogAddr' },
  syslog_prefix: { setting: 'syslogPrefix' },
  syslog_facility: { setting: 'syslogFacility' },
  statsd_host: { setting: 'statsdHost' },
  statsd_prefix: { setting: 'statsdPrefix' },
  dogstatsd_tags: { setting: 'dogstatsdTags' },
  forwarded_allow_ips: { setting: 'forwardedAllowIps' },
  secure_scheme_headers: { setting: 'secureSchemeHeaders' },
  forwarder_headers: { setting: 'forwarderHeaders' },
  header_map: { setting: 'headerMap' },
  strip_header_spaces: { flags: '--strip-header-spaces', instead: STRICT, idle: [false] },
  permit_obsolete_folding: { flags: '--permit-obsolete-folding', instead: STRICT, idle: [false] },
  permit_unconventional_http_method: {
    flags: '--permit-unconventional-http-method',
    instead: STRICT,
    idle: [false],
  },
  permit_unconventional_http_version: {
    flags: '--permit-unconventional-http-version',
    instead: STRICT,
    idle: [false],
  },
  casefold_http_method: { flags: '--casefold-http-method', instead: STRICT, idle: [false] },
  protocol: {
    flags: '--protocol <NAME>',
    instead: 'only HTTP is spoken: let nginx use proxy_pass instead of uwsgi_pass or fastcgi_pass',
    isVital: true,
    idle: ['http'],
  },
  uwsgi_allow_ips: { flags: '--uwsgi-allow-from <IPS>', instead: 'only HTTP is spoken' },
  root_path: { setting: 'rootPath' },
  asgi_lifespan: { setting: 'lifespan', flags: '--asgi-lifespan <MODE>' },
  asgi_loop: {
    flags: '--asgi-loop <LOOP>',
    instead: "uvloop is used if it is installed, otherwise Python's own loop",
    idle: ['auto'],
  },
  asgi_disconnect_grace_period: {
    flags: '--asgi-disconnect-grace-period <N>',
    instead: 'the application is told that its client has left, and is not cancelled',
  },
  websocket_max_message_size: {
    flags: '--websocket-max-message-size <N>',
    instead: 'the limit is 16 MB',
    idle: [2 ** 24],
  },
  http_protocols: {
    flags: '--http-protocols <LIST>',
    instead: '--http2 offers HTTP/2 beside HTTP/1.1, over TLS',
    idle: ['h1'],
  },
  http2_cleartext: {
    flags: '--http2-cleartext <MODE>',
    instead: 'HTTP/2 is spoken over TLS alone (--http2)',
    idle: ['off'],
  },
  http2_max_concurrent_streams: { flags: '--http2-max-concurrent-streams <N>', instead: HTTP2 },
  http2_initial_window_size: { flags: '--http2-initial-window-size <N>', instead: HTTP2 },
  http2_max_frame_size: { flags: '--http2-max-frame-size <N>', instead: HTTP2 },
  http2_max_header_list_size: { flags: '--http2-max-header-list-size <N>', instead: HTTP2 },
  http_parser: { flags: '--http-parser <PARSER>', instead: 'httpEngine chooses the parser', idle: ['auto'] },
  enable_backlog_metric: {
    flags: '--enable-backlog-metric',
    instead: 'metricsBind shows the queue of each listener',
    idle: [false],
  },
  control_socket: { setting: 'controlSocket' },
  control_socket_mode: { flags: '--control-socket-mode <MODE>', instead: CONTROL },
  control_socket_disable: { flags: '--no-control-socket', instead: CONTROL, idle: [false, true] },
  dirty_apps: { flags: '--dirty-app <APP>', instead: DIRTY, isVital: true, idle: [[]] },
  dirty_workers: { flags: '--dirty-workers <N>', instead: DIRTY, isVital: true, idle: [0] },
  dirty_timeout: { flags: '--dirty-timeout <N>', instead: DIRTY },
  dirty_threads: { flags: '--dirty-threads <N>', instead: DIRTY },
  dirty_graceful_timeout: { flags: '--dirty-graceful-timeout <N>', instead: DIRTY },
}
