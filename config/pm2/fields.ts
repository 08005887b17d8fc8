import { sortArguments } from '../../lib/sys/node-options.js'
import type { SettingName } from '../settings.js'

/** What this server does with a field of an application in PM2's ecosystem file. */
export interface Pm2Field {
  /** Other names that PM2 takes for it. */
  readonly aliases?: readonly string[]
  /** What it becomes. */
  readonly setting?: SettingName
  /** The value here; undefined if there is nothing to set. Left out if the value is the same. */
  readonly translate?: (value: unknown) => unknown
  /** What the setting cannot have of a value, in a sentence for the config file; undefined if that is nothing. */
  readonly left?: (value: unknown) => string | undefined
  /** Values that need no word. */
  readonly idle?: readonly unknown[]
  /** What becomes of it, in a sentence for the config file and the documentation. */
  readonly note: string
}

const PRINTED =
  "what the application prints goes to unicorn's own standard output and error: let systemd, Docker or the shell keep it"
const MONITORING =
  "a service of PM2's that unicorn has no counterpart of; the error log has crashes, hangs and their stacks"
const BACK_OFF = 'a worker that keeps dying young is started with growing pauses'
const RESTARTED = 'a worker that ends is always replaced, and the server goes on for as long as one can boot'
const WATCHED = 'what the workers have loaded is watched, and nothing else; reloadExtraFiles names more'
const RESPONSIBLE = 'a matter of what starts unicorn: systemd, Docker, a shell'

/** THE table of the fields of an application in an ecosystem file. `env_NAME` stands for all of that form. */
export const pm2Fields: Readonly<Record<string, Pm2Field>> = {
  script: { aliases: ['exec'], setting: 'app', note: 'the script as it is; its listen() is adopted' },
  name: { setting: 'procName', note: 'the name in the titles of the processes' },
  cwd: { setting: 'chdir', note: 'the directory of the application' },
  args: { setting: 'args', note: 'what the script gets as its arguments' },
  interpreter: {
    aliases: ['exec_interpreter'],
    idle: ['node', 'tsx', 'ts-node', 'swc-node'],
    note: 'Node, by which unicorn itself runs. TypeScript needs nothing. Bun, and scripts of other languages, are not run',
  },
  node_args: {
    aliases: ['interpreter_args', 'interpreterArgs'],
    setting: 'rawEnv',
    translate: value => optionsOf(sortArguments(wordsOf(value)).anywhere),
    left: value => inFrontOfScript(sortArguments(wordsOf(value)).inFront),
    note: 'options of Node, which the workers get as NODE_OPTIONS',
  },
  instances: {
    setting: 'workers',
    translate: workersOf,
    note: 'workers; max and 0 are auto, one for each available CPU',
  },
  exec_mode: {
    idle: ['cluster', 'cluster_mode'],
    note: 'workers always share the sockets, as in mode cluster; instances of mode fork had a port each',
  },
  port: { setting: 'bind', translate: value => [`0.0.0.0:${value}`], note: 'the address that is bound' },
  env: { setting: 'rawEnv', note: 'variables of the workers; PORT becomes bind, too' },
  env_NAME: {
    note: 'unicorn init --from FILE --env NAME adds these to env; a config file may also compute rawEnv of its argument env',
  },
  env_file: { setting: 'envFile', note: 'files of variables, read anew by HUP' },
  filter_env: {
    idle: [false],
    note: 'workers inherit the environment of unicorn: start it with a clean one, as systemd does, or by env -i',
  },
  max_memory_restart: {
    setting: 'maxMemory',
    translate: sizeOf,
    note: 'a worker above it is replaced, its replacement being ready first',
  },
  kill_timeout: { setting: 'gracefulTimeout', translate: timeOf, note: 'the time for a drain' },
  listen_timeout: {
    setting: 'bootTimeout',
    translate: timeOf,
    note: 'a worker that is not ready by then has failed, and a reload with it',
  },
  wait_ready: { setting: 'waitReady', idle: [false], note: "the application says process.send('ready')" },
  shutdown_with_message: {
    idle: [false],
    note: 'no message is sent: workers drain by themselves; export shutdown(), or handle SIGTERM or SIGINT',
  },
  watch: {
    setting: 'reload',
    idle: [false],
    translate: () => true,
    note: 'for development: a reload whenever a file changes that the workers have loaded',
  },
  ignore_watch: { note: WATCHED },
  watch_delay: { note: 'changes are gathered by themselves' },
  watch_options: { note: WATCHED },
  instance_var: {
    setting: 'instanceVar',
    idle: ['NODE_APP_INSTANCE'],
    note: "the variable that has the worker's index",
  },
  increment_var: {
    note: 'the index of a worker is in UNICORN_WORKER_INDEX: compute the value of it in the application',
  },
  source_map_support: {
    setting: 'rawEnv',
    idle: [false],
    translate: () => ({ NODE_OPTIONS: '--enable-source-maps' }),
    note: "Node's own, by NODE_OPTIONS; TypeScript that unicorn loads itself needs nothing",
  },
  disable_source_map_support: { idle: [true, false], note: 'none are read unless NODE_OPTIONS says so' },
  pid_file: { aliases: ['pid'], setting: 'pidfile', note: 'of the one process that takes signals' },
  uid: { aliases: ['user'], setting: 'user', note: 'the user of the workers; the arbiter must be root' },
  gid: { setting: 'group', note: 'the group of the workers' },
  error_file: {
    aliases: ['error', 'err', 'err_file', 'err_log'],
    note: `${PRINTED}. errorlog has what the server itself says`,
  },
  out_file: { aliases: ['out', 'output', 'out_log'], note: `${PRINTED}. accesslog has a line for each request` },
  log_file: { aliases: ['log'], note: PRINTED },
  disable_logs: { idle: [false], note: PRINTED },
  merge_logs: { aliases: ['combine_logs'], idle: [true, false], note: 'all workers write to one place in any case' },
  log_type: {
    setting: 'logFormat',
    translate: value => (value === 'json' ? 'json' : undefined),
    note: "the server's own lines as JSON, which they are anyway where standard error is no terminal",
  },
  log_date_format: { note: "each line of the server's own has its time: in text as Gunicorn's, in JSON by ISO 8601" },
  time: { idle: [true, false], note: "each line of the server's own has its time" },
  min_uptime: { note: BACK_OFF },
  max_restarts: { note: `there is no last attempt: ${BACK_OFF}` },
  restart_delay: {
    setting: 'restartBackoff',
    idle: [0],
    translate: backoffOf,
    note: 'the first pause before a worker that died young is replaced',
  },
  exp_backoff_restart_delay: {
    setting: 'restartBackoff',
    idle: [0],
    translate: backoffOf,
    note: 'the first pause; the longest is 30 s',
  },
  autorestart: { idle: [true], note: RESTARTED },
  stop_exit_codes: { note: RESTARTED },
  autostart: { idle: [true], note: RESPONSIBLE },
  cron_restart: {
    aliases: ['cron'],
    note: 'kill -HUP from cron, or a timer of systemd; to keep memory small, maxRequests or maxMemory',
  },
  treekill: { idle: [true, false], note: 'processes that the application starts are its own: end them in shutdown()' },
  kill_retry_time: { note: 'a worker gets one KILL, which cannot be missed' },
  force: { idle: [true, false], note: 'two servers may run one script, at different addresses' },
  namespace: { note: 'one server is one service: group units with PartOf= or a target of systemd' },
  name_prefix: { note: 'write the whole name' },
  append_env_to_name: { idle: [false], note: 'write the whole name' },
  username: { idle: ['*'], note: 'filled in by PM2 itself' },
  execute_command: { idle: [true, false], note: 'filled in by PM2 itself' },
  install_url: { note: 'install the application as you deploy it' },
  vizion: { idle: [true, false], note: 'nothing reads the version control of the application' },
  post_update: { note: 'run the commands in your deployment, before HUP' },
  write: { idle: [true, false], note: 'filled in by PM2 itself' },
  windowsHide: { idle: [true, false], note: 'unicorn does not run on Windows' },
  pmx: { idle: [true, false], note: MONITORING },
  automation: { idle: [true, false], note: MONITORING },
  trace: { idle: [false], note: `${MONITORING}; OpenTelemetry works` },
  disable_trace: { idle: [true, false], note: MONITORING },
  v8: { idle: [false], note: MONITORING },
  event_loop_inspector: { idle: [false], note: MONITORING },
  deep_monitoring: { idle: [false], note: MONITORING },
  io: { note: MONITORING },
}

/** Says what is to become of options that Node takes on its command line alone; undefined if there are none. */
export function inFrontOfScript(options: readonly string[]): string | undefined {
  const text = options.join(' ')
  return text === '' ? undefined : `NODE_OPTIONS may not have ${text}: start by node ${text} node_modules/.bin/unicorn`
}

function optionsOf(words: readonly string[]): unknown {
  return words.length > 0 ? { NODE_OPTIONS: words.join(' ') } : undefined
}

function wordsOf(value: unknown): string[] {
  const texts: unknown[] = [value].flat()
  return texts.flatMap(text => String(text).split(/\s+/)).filter(Boolean)
}

/** -1 is PM2's for all CPUs but one, which only the machine knows. */
function workersOf(value: unknown): unknown {
  const count = Number(value)
  return Number.isInteger(count) && count > 0 ? count : 'auto'
}

/** Milliseconds, or a text such as `10s`. */
function timeOf(value: unknown): unknown {
  return typeof value === 'number' || /^\d+$/.test(String(value)) ? `${value}ms` : value
}

/** Bytes, or `300M`. */
function sizeOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d+[KMG]$/i.test(value) ? `${value.toLowerCase()}b` : value
}

function backoffOf(value: unknown): unknown {
  const first = Number(value)
  return first > 0 ? `${first}ms..${Math.max(first, 30_000)}ms` : undefined
}
