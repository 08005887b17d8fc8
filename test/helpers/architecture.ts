// The design in tables, which test/architecture.test.ts holds the sources to.

/** From the ground up. A file imports from its own floor and those below it; floors on one line stay apart. */
export const FLOORS: readonly (readonly string[])[] = [
  ['lib/errors.ts', 'lib/sys'],
  ['lib/listeners', 'lib/tls', 'lib/spread', 'lib/systemd', 'lib/daemon'],
  ['lib/http'],
  ['lib/logging', 'lib/static'],
  ['config'],
  ['lib/gateway', 'lib/unicornctl'],
  ['lib/application'],
  ['lib/worker'],
  ['lib/arbiter', 'lib/init'],
  ['lib/control'],
  ['lib/index.ts', 'lib/worker-api.ts', 'lib/command.ts'],
  ['bin'],
]

/** Rooms within a floor, by the same rule. */
export const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'lib/gateway': [['*'], ['wire'], ['wsgi', 'fetch', 'node', 'python']],
  'lib/http/native': [['parser'], ['*']],
  'lib/application': [
    ['module'],
    ['module/jiti'],
    ['module/find-module.ts', 'module/import-module.ts'],
    ['module/loaded-files.ts'],
    ['*'],
    ['script'],
    ['load-module.ts'],
    ['python', 'module-application.ts'],
    ['load-application.ts'],
  ],
  'lib/worker': [
    ['*'],
    ['admission', 'watchdog', 'exit'],
    ['parts.ts'],
    ['service.ts', 'intake.ts'],
    ['worker.ts'],
    ['boot'],
  ],
}

/** Rooms that only these files may import, and packages likewise. */
export const DOORS: readonly { readonly what: string; readonly pattern: RegExp; readonly allowed: RegExp }[] = [
  {
    what: "node:http's request and response",
    pattern: /['"]node:http['"]/,
    allowed: /^lib\/((http|gateway)\/node|application\/script|control|unicornctl)\/|^lib\/gateway\/fetch\/types\.ts$/,
  },
  {
    what: "node:http2's sessions and streams",
    pattern: /['"]node:http2['"]/,
    allowed: /^lib\/(http\/http2|application\/script)\//,
  },
  {
    what: 'the engines',
    pattern:
      /['"](\.\.?\/)+(http\/)?(node\/node-engine|native\/(native-engine|transports)|http2\/http2-engine)\.js['"]/,
    allowed: /^lib\/http\/create-engine\.ts$/,
  },
  {
    what: 'jiti',
    pattern: /['"]jiti['"]/,
    allowed: /^lib\/application\/module\/jiti\/|^config\/sources\/|^bin\/bundle\.ts$/,
  },
  { what: 'prom-client', pattern: /['"]prom-client['"]/, allowed: /^lib\/control\/metrics\/|^bin\/bundle\.ts$/ },
  { what: 'uPlot', pattern: /['"]uplot['"]/, allowed: /^lib\/control\/dashboard\/page\// },
  { what: 'ws', pattern: /['"]ws['"]/, allowed: /^lib\/gateway\/python\/|^bin\/bundle\.ts$/ },
  {
    what: 'what only jiti needs',
    pattern: /\/jiti\/[\w-]+\.js['"]/,
    allowed: /^lib\/application\/module\/(import-module|find-module)\.ts$/,
  },
]

/** What only a few files may do, since it concerns the whole process. */
export const RESERVED: readonly {
  readonly what: string
  readonly pattern: RegExp
  readonly files: readonly string[]
}[] = [
  {
    what: 'process.exit',
    pattern: /\bprocess\.exit\(/,
    files: ['bin/unicorn.ts', 'bin/unicornctl.ts', 'lib/worker/exit/exits.ts'],
  },
  {
    what: 'signal handlers',
    pattern: /\bprocess\.(on|once|addListener|prependListener)\((signal\b|DRAIN\b|['"]SIG)/,
    files: ['bin/unicornctl.ts', 'lib/worker/signals.ts', 'lib/arbiter/signals.ts'],
  },
  {
    what: 'other events of the process',
    pattern: /\bprocess\.(on|once|addListener)\(['"](?!SIG)/,
    files: [
      'lib/arbiter/signals.ts',
      'lib/worker/access-recorder.ts',
      'lib/worker/channel.ts',
      'lib/worker/exit/exits.ts',
      'lib/worker/exit/reporters.ts',
    ],
  },
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b/,
    files: [
      'bin/unicorn.ts',
      'bin/unicornctl.ts',
      'config/sources/env.ts',
      'lib/application/script/places.ts',
      'lib/logging/journal.ts',
      'lib/sys/standard-streams.ts',
    ],
  },
  {
    what: 'process.argv',
    pattern: /\bprocess\.argv\b/,
    files: ['bin/unicorn.ts', 'bin/unicornctl.ts', 'lib/application/module/import-module.ts'],
  },
]

/** Files above the mark of 250 lines, and why they are not cut. */
export const LONG: Readonly<Record<string, string>> = {
  'config/settings.ts': 'the one table of settings: a row each',
  'lib/arbiter/arbiter.ts': 'the whole life of a server, to be read from top to bottom',
  'lib/arbiter/pool.ts': 'all that is done with workers: an action for each cell of the state table',
  'lib/http/native/connection.ts': 'the whole life of a connection: its states, and all that moves it between them',
  'lib/http/node/node-engine.ts': 'all that node:http reports of its connections, and what becomes of it',
  'lib/worker/worker.ts': 'the whole life of a worker, to be read from top to bottom',
}
