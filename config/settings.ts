import { tmpdir } from 'node:os'
import { DEFAULT_ACCESS_FORMAT } from '../lib/logging/access-format.js'
import { LOG_FORMATS, LOG_LEVELS } from '../lib/logging/names.js'
import { facilityNames } from '../lib/logging/syslog-address.js'
import { address, plainAddress, unixSocket } from './address-parsers.js'
import { words } from './arguments.js'
import { assignments } from './assignments.js'
import { INTERFACES, PYTHON_INTERFACES } from './interfaces.js'
import { mappings, urlGlobs } from './mappings.js'
import { decideOtlp } from './otlp.js'
import {
  accessFormat,
  boolean,
  choice,
  directories,
  fileMask,
  globs,
  groupName,
  integer,
  list,
  logFile,
  path,
  paths,
  syslogAddress,
  text,
  urlPath,
  userName,
  variableName,
  workerCount,
} from './parsers.js'
import { forwarderHeaders, proxies, proxyMode, rootPath, schemeHeaders, trustedHeaders } from './proxy-parsers.js'
import { type AnySetting, absent, derived, type InputOf, type OnHup, setting, type ValueOf } from './setting.js'
import { statsdAddress, statsdPrefix, statsdTags } from './statsd.js'
import { certificates, certReqs } from './tls.js'
import { duration, durationRange, size } from './units.js'
import { workerClass } from './worker-class.js'

/**
 * THE table of settings. Command line, environment, config file, `--help`, `--print-config`, `docs/settings.md` and the
 * types below derive from it. A setting that Gunicorn has too has Gunicorn's name. A new setting is a new row.
 */
export const settings = {
  app: setting('Application', 'MODULE:EXPORT', {
    parser: text('MODULE:EXPORT'),
    default: absent('required'),
    onHup: 'respawn',
    description: 'the application: a dotted module or a file, and what it exports; also module:factory("argument")',
  }),
  args: setting('Application', '-- ARGS', {
    parser: words,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'what the application gets as its arguments: all that follows --',
  }),
  config: setting('Application', '-c, --config', {
    parser: path,
    default: absent('unicorn.config.{ts,mts,js,mjs,cjs,json} or gunicorn.conf.py in the working directory'),
    onHup: 'restart',
    description: 'the config file; with the ending py, or as python:MODULE, it is one of Gunicorn',
    commandLineOnly: true,
  }),
  interface: setting('Application', '--interface', {
    parser: choice('INTERFACE', ['auto', ...INTERFACES, ...PYTHON_INTERFACES]),
    default: 'auto',
    onHup: 'respawn',
    description: 'how the application is called; auto decides by what it is; python is WSGI or ASGI, by the callable',
  }),

  bind: setting('Listening', '-b, --bind', {
    variable: { name: 'PORT', means: '0.0.0.0:$PORT' },
    parser: list(address),
    default: ['127.0.0.1:8000'],
    onHup: 'respawn',
    description:
      'where to listen: [https://]HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, fd://N or NAME; repeatable',
  }),
  ipv6Only: setting('Listening', '--ipv6-only', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: '[::] takes connections of IPv6 alone; otherwise it takes those of IPv4 too',
  }),
  reusePort: setting('Listening', '--reuse-port', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: 'another server of this user may bind the same TCP port, and the kernel gives each its share',
  }),
  fdStore: setting('Listening', '--fd-store', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: 'systemd keeps the sockets during a restart of the service (FileDescriptorStoreMax= of the unit)',
  }),
  backlog: setting('Listening', '--backlog', {
    parser: integer(1, 2 ** 31 - 1),
    default: 2048,
    onHup: 'restart',
    description: 'how many connections the kernel queues until a worker accepts them',
  }),

  certfile: setting('TLS', '--certfile', {
    parser: paths,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'certificate with its chain, in PEM: connections of TCP are TLS then; may be repeated',
  }),
  keyfile: setting('TLS', '--keyfile', {
    parser: paths,
    default: derived('in the same file', () => []),
    onHup: 'respawn',
    description: 'private key of the certificate, in PEM; repeated as --certfile is',
  }),
  certificates: setting('TLS', '--certificate', {
    parser: certificates,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'another certificate, with the host names for which it is served; may be repeated',
  }),
  passphraseFile: setting('TLS', '--key-passphrase-file', {
    parser: path,
    default: absent('that of UNICORN_TLS_PASSPHRASE'),
    onHup: 'respawn',
    description: 'file with the passphrase of encrypted keys',
  }),
  caCerts: setting('TLS', '--ca-certs', {
    parser: path,
    default: absent('none'),
    onHup: 'respawn',
    description: "certificates, in PEM, by which clients' certificates are checked",
  }),
  certReqs: setting('TLS', '--cert-reqs', {
    parser: certReqs,
    default: 'none',
    onHup: 'respawn',
    description: 'whether a client shows a certificate: none, optional (one that is shown has to be good), required',
  }),
  ciphers: setting('TLS', '--ciphers', {
    parser: text('CIPHERS'),
    default: absent("Node's own"),
    onHup: 'respawn',
    description: 'ciphers, in the notation of OpenSSL',
  }),
  tlsMinVersion: setting('TLS', '--tls-min-version', {
    parser: choice('VERSION', ['TLSv1.2', 'TLSv1.3']),
    default: 'TLSv1.2',
    onHup: 'respawn',
    description: 'oldest version of TLS',
  }),
  tlsMaxVersion: setting('TLS', '--tls-max-version', {
    parser: choice('VERSION', ['TLSv1.2', 'TLSv1.3']),
    default: absent('the newest'),
    onHup: 'respawn',
    description: 'newest version of TLS',
  }),
  handshakeTimeout: setting('TLS', '--handshake-timeout', {
    parser: duration,
    default: '10s',
    onHup: 'respawn',
    description: 'how long a handshake may take',
  }),
  http2: setting('TLS', '--http2', {
    parser: boolean,
    default: false,
    onHup: 'respawn',
    description: 'clients of TLS may speak HTTP/2, by ALPN; not to Express, nor to servers of an application',
  }),

  workers: setting('Workers', '-w, --workers', {
    variable: { name: 'WEB_CONCURRENCY' },
    parser: workerCount,
    default: 1,
    onHup: 'respawn',
    description: 'number of worker processes; auto is one for each available CPU (limits of a container count)',
  }),
  workerClass: setting('Workers', '-k, --worker-class', {
    parser: workerClass,
    default: 'async',
    onHup: 'respawn',
    description:
      'async serves many requests at once, sync one; MODULE:CLASS is your own; gthread is 4 threads in Python',
  }),
  workerConnections: setting('Workers', '--worker-connections', {
    parser: integer(1),
    default: 1000,
    onHup: 'respawn',
    description:
      'how many connections a worker holds open at once, and requests of HTTP/2; beyond that, idle ones give way',
  }),
  rebalance: setting('Workers', '--no-rebalance', {
    parser: boolean,
    default: true,
    onHup: 'respawn',
    description:
      'a saturated async worker lets keep-alive connections go while another has room; the flag turns it off',
  }),
  maxRequests: setting('Workers', '--max-requests', {
    parser: integer(0),
    default: 0,
    onHup: 'respawn',
    description: 'retire a worker after this many requests, its replacement being ready first; 0 is never',
  }),
  maxRequestsJitter: setting('Workers', '--max-requests-jitter', {
    parser: integer(0),
    default: 0,
    onHup: 'respawn',
    description: 'add a random number up to this to --max-requests, so that workers do not retire together',
  }),
  maxMemory: setting('Workers', '--max-memory', {
    parser: size,
    default: 0,
    onHup: 'respawn',
    description:
      'retire a worker whose resident memory stays above this, its replacement being ready first; 0 is never',
  }),
  restartBackoff: setting('Workers', '--restart-backoff', {
    parser: durationRange,
    default: '100ms..30s',
    onHup: 'respawn',
    description: 'first and longest pause between restarts of a worker that keeps dying young',
  }),
  reloadStrategy: setting('Workers', '--reload-strategy', {
    parser: choice('STRATEGY', ['all', 'rolling']),
    default: 'all',
    onHup: 'respawn',
    description: 'on HUP: all starts all new workers beside the old ones, rolling replaces one at a time',
  }),
  watchdog: setting('Workers', '--no-watchdog', {
    parser: boolean,
    default: true,
    onHup: 'respawn',
    description:
      'a thread that reports where a worker hangs and ends a hung orphan (11 MB a worker); the flag turns it off',
  }),
  reload: setting('Workers', '--reload', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: 'for development: reload whenever a file changes that the workers have loaded',
  }),
  reloadExtraFiles: setting('Workers', '--reload-extra-file', {
    parser: globs,
    default: derived('none', () => []),
    onHup: 'restart',
    description: 'with --reload, watch this file, directory or glob too; may be repeated',
  }),
  preload: setting('Workers', '--preload', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description:
      'start the first worker alone, the others once it is ready; in Python, import once and fork the processes',
  }),
  waitReady: setting('Workers', '--wait-ready', {
    parser: boolean,
    default: false,
    onHup: 'respawn',
    description: "a worker is ready only when its application has sent the message 'ready', as PM2's users know it",
  }),
  readyWorkers: setting('Workers', '--ready-workers', {
    parser: integer(1),
    default: 1,
    onHup: 'apply',
    description: "while fewer workers than this are ready, /readyz answers 503 and systemd's watchdog is not fed",
  }),
  readyPath: setting('Workers', '--ready-path', {
    parser: urlPath,
    default: absent('none'),
    onHup: 'respawn',
    description: 'a new worker is ready only when its application answers a GET of this path with 2xx, as /healthz',
  }),

  requestBuffering: setting('Buffering', '--request-buffering', {
    parser: boolean,
    default: absent('in sync workers; WSGI in Python always does'),
    onHup: 'respawn',
    description: 'a request begins when its body is there; not with the interface node, which streams',
  }),
  responseBuffer: setting('Buffering', '--response-buffer', {
    parser: size,
    default: '2mb',
    onHup: 'respawn',
    description: 'how much of a streamed answer is taken from a sync worker or Python before its client has taken it',
  }),
  tmpUploadDir: setting('Buffering', '--tmp-upload-dir', {
    parser: { ...path, metavar: 'DIR', wanted: 'a directory' },
    default: derived("the system's", () => tmpdir()),
    onHup: 'respawn',
    description: 'where bodies wait for which memory has no room, in files without names',
  }),

  static: setting('Static files', '--static', {
    parser: mappings,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'serve a directory, or one file, before the application: /static=public; may be repeated',
  }),
  staticImmutable: setting('Static files', '--static-immutable', {
    parser: urlGlobs,
    default: derived('none', () => []),
    onHup: 'respawn',
    description:
      'URLs of static files that browsers keep for a year, as /assets/**, beside names with a hexadecimal hash',
  }),

  forwardedAllowIps: setting('Proxies', '--forwarded-allow-ips', {
    variable: { name: 'FORWARDED_ALLOW_IPS' },
    parser: proxies,
    default: '127.0.0.1,::1',
    onHup: 'respawn',
    description: 'proxies, beside those on unix sockets, whose headers about their clients count; * is any',
  }),
  trustedHeaders: setting('Proxies', '--trusted-headers', {
    parser: trustedHeaders,
    default: 'X-Forwarded-For',
    onHup: 'respawn',
    description:
      'which of Forwarded and X-Forwarded-For, -Host, -Port and -Prefix count; the proxy must set each of them itself',
  }),
  forwardedSocket: setting('Proxies', '--forwarded-socket', {
    parser: boolean,
    default: false,
    onHup: 'respawn',
    description:
      "in the interface node, sockets of requests have the client's address and scheme in place of the proxy's",
  }),
  secureSchemeHeaders: setting('Proxies', '--secure-scheme-headers', {
    parser: schemeHeaders,
    default: 'X-Forwarded-Proto=https,X-Forwarded-Protocol=ssl,X-Forwarded-Ssl=on',
    onHup: 'respawn',
    description: 'headers by which a proxy says whether its client speaks https, each with the value that says so',
  }),
  forwarderHeaders: setting('Proxies', '--forwarder-headers', {
    parser: forwarderHeaders,
    default: 'SCRIPT_NAME,PATH_INFO',
    onHup: 'respawn',
    description: 'header fields with an underscore in their name that a proxy may put into the environ',
  }),
  headerMap: setting('Proxies', '--header-map', {
    parser: choice('MODE', ['drop', 'refuse', 'dangerous']),
    default: 'drop',
    onHup: 'respawn',
    description: 'other header fields with an underscore: left out of the environ, answered with 400, or mapped',
  }),
  proxyProtocol: setting('Proxies', '--proxy-protocol', {
    parser: proxyMode,
    default: 'off',
    onHup: 'respawn',
    description: 'connections of proxies begin with a PROXY header of v1 or v2; auto takes both, and none',
  }),
  proxyAllowIps: setting('Proxies', '--proxy-allow-from', {
    parser: proxies,
    default: '127.0.0.1,::1',
    onHup: 'respawn',
    description: 'proxies, beside those on unix sockets, that send PROXY headers; from others these are refused',
  }),
  rootPath: setting('Proxies', '--root-path', {
    variable: { name: 'SCRIPT_NAME' },
    parser: rootPath,
    default: derived('none', () => ''),
    onHup: 'respawn',
    description: 'the path at which the application is mounted, taken off that of a request; SCRIPT_NAME of an environ',
  }),

  python: setting('Python', '--python', {
    parser: text('PATH'),
    default: absent('that of VIRTUAL_ENV, of .venv, venv or env in the directory or above it, or on PATH'),
    onHup: 'respawn',
    description: 'the interpreter of an application in Python',
  }),
  pythonpath: setting('Python', '--pythonpath', {
    parser: directories,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'directories, with commas between, in which Python looks for modules before all others',
  }),
  threads: setting('Python', '--threads', {
    parser: integer(1, 1000),
    default: 1,
    onHup: 'respawn',
    description: 'threads of a Python process, each of which runs one request at a time',
  }),
  fronts: setting('Python', '--fronts', {
    parser: integer(0),
    default: 0,
    onHup: 'respawn',
    description: 'Node processes in front of the Python processes; 0 is one for each eight',
  }),
  lifespan: setting('Python', '--lifespan', {
    parser: choice('MODE', ['auto', 'on', 'off']),
    default: 'auto',
    onHup: 'respawn',
    description: 'start-up and shutdown of an ASGI application: on fails without them, off does not ask for them',
  }),

  timeout: setting('Time limits', '-t, --timeout', {
    parser: duration,
    default: '30s',
    onHup: 'respawn',
    description: 'a worker silent for longer than this is hung, and is killed and replaced; 0 is never',
  }),
  bootTimeout: setting('Time limits', '--boot-timeout', {
    parser: duration,
    default: '60s',
    onHup: 'respawn',
    description: 'a worker not ready after this has failed to boot; 0 is never',
  }),
  requestTimeout: setting('Time limits', '--request-timeout', {
    parser: duration,
    default: 0,
    onHup: 'respawn',
    description: 'an async request that runs longer gets 504, or is cut once its head is out; 0 is never',
  }),
  gracefulTimeout: setting('Time limits', '--graceful-timeout', {
    parser: duration,
    default: '30s',
    onHup: 'respawn',
    description: 'how long a worker may take to finish its requests when it stops; then it is killed',
  }),
  drainDelay: setting('Time limits', '--drain-delay', {
    parser: duration,
    default: '0s',
    onHup: 'apply',
    description: 'how long everything is still served after TERM, while the application knows already',
  }),
  keepAlive: setting('Time limits', '--keep-alive', {
    parser: duration,
    default: '5s',
    onHup: 'respawn',
    description: 'how long an idle connection to an async worker stays open; 0 is not at all',
  }),
  headerTimeout: setting('Time limits', '--header-timeout', {
    parser: duration,
    default: '10s',
    onHup: 'respawn',
    description: 'how long a client may take to send the head of a request; then it gets 408',
  }),
  bodyTimeout: setting('Time limits', '--body-timeout', {
    parser: duration,
    default: '30s',
    onHup: 'respawn',
    description: 'how long a client may be silent within the body of a request; then it gets 408; 0 is for ever',
  }),
  minBodyRate: setting('Time limits', '--min-body-rate', {
    parser: size,
    default: 240,
    onHup: 'respawn',
    description: 'bytes of a body that a client has to send in a second, after a grace of --body-timeout; 0 is any',
  }),
  writeTimeout: setting('Time limits', '--write-timeout', {
    parser: duration,
    default: '60s',
    onHup: 'respawn',
    description: 'how long a client may take no byte of a response; then the connection is cut; 0 is for ever',
  }),

  httpEngine: setting('HTTP limits', '--http-engine', {
    parser: choice('ENGINE', ['auto', 'native', 'node']),
    default: 'auto',
    onHup: 'respawn',
    description: 'what speaks HTTP: native, for wsgi, fetch and WSGI in Python; node:http; or what auto finds best',
  }),
  limitRequestLine: setting('HTTP limits', '--limit-request-line', {
    parser: size,
    default: 8190,
    onHup: 'respawn',
    description: 'bytes of a request line; a longer one gets 414; 0 is no limit',
  }),
  limitRequestFields: setting('HTTP limits', '--limit-request-fields', {
    parser: integer(0),
    default: 100,
    onHup: 'respawn',
    description: 'header fields of a request; more get 431; 0 is no limit',
  }),
  limitRequestFieldSize: setting('HTTP limits', '--limit-request-field-size', {
    parser: size,
    default: 8190,
    onHup: 'respawn',
    description: 'bytes of one header field; a longer one gets 431; 0 is no limit',
  }),
  limitRequestBody: setting('HTTP limits', '--limit-request-body', {
    parser: size,
    default: 0,
    onHup: 'respawn',
    description: 'bytes of a request body; a longer one gets 413; 0 is no limit',
  }),
  limitRequestHeads: setting('HTTP limits', '--limit-request-heads', {
    parser: size,
    default: '16mb',
    onHup: 'respawn',
    description: 'bytes of all heads in a worker that have begun and not ended; beyond, the largest get 431; 0 is any',
  }),

  chdir: setting('Process', '--chdir', {
    parser: { ...text('DIR'), wanted: 'a directory' },
    default: derived('working directory', ({ cwd }) => cwd),
    onHup: 'restart',
    description: 'the directory of the application; a symbolic link is followed anew for each worker',
  }),
  rawEnv: setting('Process', '-e, --env', {
    parser: assignments,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'environment variable for the workers; may be repeated',
  }),
  user: setting('Process', '-u, --user', {
    parser: userName,
    default: absent("the arbiter's"),
    onHup: 'restart',
    description: 'the user of the workers, by name or number, if the arbiter is root and only binds the ports as such',
  }),
  group: setting('Process', '-g, --group', {
    parser: groupName,
    default: absent("the user's own"),
    onHup: 'restart',
    description: 'the group of the workers, by name or number',
  }),
  initgroups: setting('Process', '--initgroups', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: "with --user, the workers have the user's supplementary groups too",
  }),
  umask: setting('Process', '-m, --umask', {
    parser: fileMask,
    default: absent('as inherited; 0 for unix sockets'),
    onHup: 'restart',
    description: 'permissions that new files and unix sockets lack, in octal, as 027; 0 is for sockets alone',
  }),
  envFile: setting('Process', '--env-file', {
    parser: paths,
    default: derived('none', () => []),
    onHup: 'respawn',
    description:
      "file of environment variables for the workers, as Node's --env-file, read anew by HUP; may be repeated",
  }),
  instanceVar: setting('Process', '--instance-var', {
    parser: variableName,
    default: 'NODE_APP_INSTANCE',
    onHup: 'respawn',
    description: "environment variable that has the worker's index beside UNICORN_WORKER_INDEX; none leaves it out",
  }),
  daemon: setting('Process', '-D, --daemon', {
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: 'serve in the background: the command ends once the server is ready, or says why it does not start',
  }),
  pidfile: setting('Process', '-p, --pid', {
    parser: path,
    default: absent('none'),
    onHup: 'apply',
    description: "file for the arbiter's process id",
  }),
  procName: setting('Process', '-n, --name', {
    parser: text('NAME'),
    default: derived("the application's name", ({ app }) => app),
    onHup: 'apply',
    description: 'name in the process titles: unicorn: master [NAME], unicorn: worker [NAME]',
  }),

  errorlog: setting('Logging', '--error-logfile, --log-file', {
    parser: logFile,
    default: '-',
    onHup: 'apply',
    description: 'file for what the server has to say; - is stderr',
  }),
  accesslog: setting('Logging', '--access-logfile', {
    parser: logFile,
    default: absent('none'),
    onHup: 'respawn',
    description: 'file for a line about each request; - is stdout',
  }),
  accessLogFormat: setting('Logging', '--access-logformat', {
    parser: accessFormat,
    default: DEFAULT_ACCESS_FORMAT,
    onHup: 'respawn',
    description: "the access log's line, in Gunicorn's atoms, or json",
  }),
  loglevel: setting('Logging', '--log-level', {
    parser: choice('LEVEL', LOG_LEVELS, { warn: 'warning', fatal: 'critical' }),
    default: 'info',
    onHup: 'apply',
    description: 'the least important lines that the error log holds',
  }),
  logFormat: setting('Logging', '--log-format', {
    parser: choice('FORMAT', LOG_FORMATS),
    default: 'auto',
    onHup: 'apply',
    description: "the error log's lines; auto is text on a terminal and in systemd's journal, and json elsewhere",
  }),
  captureOutput: setting('Logging', '--capture-output', {
    parser: boolean,
    default: absent('only for Python with --log-format json'),
    onHup: 'respawn',
    description: 'what workers and Python print, also their children, becomes records of the error log, line by line',
  }),
  syslog: setting('Logging', '--log-syslog', {
    parser: boolean,
    default: false,
    onHup: 'apply',
    description: 'send the lines of both logs to syslog too; the access log goes there even without a file',
  }),
  syslogAddr: setting('Logging', '--log-syslog-to', {
    parser: syslogAddress,
    default: process.platform === 'darwin' ? 'unix:/var/run/syslog' : 'udp://localhost:514',
    onHup: 'apply',
    description: 'where syslog listens: udp://HOST:PORT or unix:PATH, such as unix:/dev/log',
  }),
  syslogPrefix: setting('Logging', '--log-syslog-prefix', {
    parser: text('NAME'),
    default: absent("the application's name"),
    onHup: 'apply',
    description: "NAME in the program's name in syslog, between unicorn and error or access",
  }),
  syslogFacility: setting('Logging', '--log-syslog-facility', {
    parser: choice('FACILITY', facilityNames),
    default: 'user',
    onHup: 'apply',
    description: 'the facility of the lines in syslog',
  }),
  disableRedirectAccessToSyslog: setting('Logging', '--disable-redirect-access-to-syslog', {
    parser: boolean,
    default: false,
    onHup: 'respawn',
    description: 'syslog gets the error log alone',
  }),

  metricsBind: setting('Monitoring', '--metrics-bind', {
    parser: plainAddress,
    default: absent('none'),
    onHup: 'apply',
    description:
      'where the arbiter shows a dashboard, /metrics, /healthz, /readyz and /status, to anyone who can connect',
  }),

  statsdHost: setting('Monitoring', '--statsd-host', {
    parser: statsdAddress,
    default: absent('none'),
    onHup: 'apply',
    description: 'where statsd or dogstatsd gets requests, durations and the number of workers: HOST:PORT, unix:PATH',
  }),
  statsdPrefix: setting('Monitoring', '--statsd-prefix', {
    parser: statsdPrefix,
    default: absent('none'),
    onHup: 'apply',
    description: 'what stands before their names, and a dot behind it',
  }),
  dogstatsdTags: setting('Monitoring', '--dogstatsd-tags', {
    parser: statsdTags,
    default: absent('none'),
    onHup: 'apply',
    description: 'tags of all of them, for dogstatsd: env:production,region:eu',
  }),
  otlpMetrics: setting('Monitoring', '--otlp-metrics', {
    parser: boolean,
    variable: { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', decide: decideOtlp },
    default: false,
    onHup: 'apply',
    description: "metrics are sent by OTLP, with OpenTelemetry's packages and as its variables say",
  }),
  controlSocket: setting('Monitoring', '--control-socket', {
    parser: unixSocket,
    variable: { name: 'UNICORN_CONTROL_SOCKET' },
    default: absent('none'),
    onHup: 'apply',
    description: 'unix socket by which unicornctl steers the server, for its own user and root alone',
  }),

  checkConfig: setting('Inspection', '--check-config', {
    parser: boolean,
    default: false,
    onHup: 'none',
    description: 'check the configuration, load the application once, and exit',
    commandLineOnly: true,
  }),
  printConfig: setting('Inspection', '--print-config', {
    parser: boolean,
    default: false,
    onHup: 'none',
    description: 'print each setting with its value and where that came from, and exit',
    commandLineOnly: true,
  }),
}

type Table = typeof settings
export type SettingName = keyof Table

/** The names of the settings with which HUP does the same. */
export type SettingOnHup<Does extends OnHup> = {
  [Name in SettingName]: Table[Name]['onHup'] extends Does ? Name : never
}[SettingName]

/** The table with a common type of its rows, for code that treats all of them alike. */
export const rows: Readonly<Record<SettingName, AnySetting>> = settings

/** The names in the table's order. */
export const settingNames = Object.keys(settings) as SettingName[] // exactly these keys: the table is a literal

/** The resolved settings: durations in milliseconds, sizes in bytes, paths absolute. JSON can hold all of them. */
export type Config = { readonly [Name in Exclude<SettingName, 'app'>]: ValueOf<Table[Name]> } & { readonly app: string }

type IfInFile<Name extends SettingName> = Table[Name] extends { readonly commandLineOnly?: false } ? Name : never

/** The settings of a config file, as users write them. */
export type FileSettings = { [Name in SettingName as IfInFile<Name>]?: InputOf<Table[Name]> | undefined }

/** A value as it was written, and its origin: `command line --workers`, `config file /srv/app/unicorn.config.ts`. */
export interface Given {
  readonly value: unknown
  readonly origin: string
}

/** The settings of one source. */
export type Layer = ReadonlyMap<SettingName, Given>
