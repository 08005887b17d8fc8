import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import { writeCode } from '../lib/sys/code-cache.js'

const OUT = 'dist/bin'

/** What is started again and again: its bundle is compiled here, and run by a small file of its name. */
const PROGRAMS = ['unicorn', 'unicornctl', 'worker']
/** What only some processes load, or threads run. */
const PARTS = [
  'worker/watchdog/watchdog-thread',
  'worker/watchdog/report-hang',
  'init/init',
  'control/serve',
  'control/otlp/otlp-thread',
]

/** How pino itself writes to files and in threads: the error log has a sink of its own, and these take 4 ms to load. */
const unused: Plugin = {
  name: 'unused',
  setup({ onLoad }) {
    const filter = /node_modules\/(sonic-boom|thread-stream|on-exit-leak-free|atomic-sleep|@pinojs\/redact)\/.*\.js$/
    onLoad({ filter }, () => ({ contents: 'module.exports = class Unused {}' }))
  },
}

/**
 * Joins what each process runs into one file: loading a hundred small ones takes longer than all the rest of a start.
 * The files are CommonJS, since Node loads an ES module by a loader that first must start itself, for 4 ms in each
 * process. koffi brings a native module, and the others of `external` are seldom wanted: they stay outside.
 * What a watchdog says of a hang, `unicorn init`, what shows a server, and what sends its metrics by OTLP are files of
 * their own. Runs at build time, from the package's directory.
 */
const { metafile } = await build({
  entryPoints: [
    ...PROGRAMS.map(name => ({ in: `bin/${name}.ts`, out: `${name}.bundle` })),
    ...PROGRAMS.map(name => ({ in: 'bin/load.ts', out: name })),
    { in: 'bin/import.ts', out: 'import' },
    ...PARTS.map(path => ({ in: `lib/${path}.ts`, out: path.replace(/^.*\//, '') })),
  ],
  outdir: OUT,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  external: ['koffi', 'jiti', 'jsonc-parser', 'picomatch', 'prom-client', 'ws'],
  plugins: [unused],
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "'use strict'; const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
})
for (const name of PROGRAMS) compileBundle(`${name}.bundle.cjs`)

/** The dashboard's page is all that runs in a browser. */
const PAGE = 'lib/control/dashboard/page'
const page = await build({
  entryPoints: ['page.ts', 'page.css'].map(name => ({ in: `${PAGE}/${name}`, out: 'dashboard' })),
  outdir: OUT,
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  minify: true,
  metafile: true,
})
copyFileSync(`${PAGE}/page.html`, `${OUT}/dashboard.html`)
writeFileSync(`${OUT}/LICENSES.txt`, licenses({ ...metafile.inputs, ...page.metafile.inputs }))

/** Makes `import.cjs` import in place of the bundle, and compiles the bundle once and for all. */
function compileBundle(name: string): void {
  const path = resolve(OUT, name)
  const code = readFileSync(path, 'latin1').replaceAll(/(?<![\w.$#])import\(/g, 'require("./import.cjs").importModule(')
  if (/[^\0-\x7f]/.test(code)) throw new Error(`${path} is not ASCII, as which it is run`)
  writeFileSync(path, code)
  // What other releases of Node have compiled is of an older bundle.
  for (const old of readdirSync(OUT).filter(file => file.startsWith(`${name}.v`))) rmSync(join(OUT, old))
  writeCode(path)
}

/** The licenses of the bundled packages, which must be distributed with their code. */
function licenses(inputs: Metafile['inputs']): string {
  const packages = new Set(Object.keys(inputs).flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  return [...packages].sort().map(licenseOf).join('\n')
}

function licenseOf(directory: string): string {
  const file = readdirSync(directory).find(name => /^licen[cs]e/i.test(name))
  return `${directory.replace(/^.*node_modules\//, '')}\n\n${file ? readFileSync(join(directory, file), 'utf8') : ''}`
}
