import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

const OUT = 'dist/bin'

/**
 * Leaves out the packages with which pino writes to files and in threads: loading them takes 4 ms in each process, and
 * the error log has a sink of its own.
 */
const unused: Plugin = {
  name: 'unused',
  setup({ onLoad }) {
    const filter = /node_modules\/(sonic-boom|thread-stream|on-exit-leak-free|atomic-sleep|@pinojs\/redact)\/.*\.js$/
    onLoad({ filter }, () => ({ contents: 'module.exports = class Unused {}' }))
  },
}

/**
 * Joins the code of each process of a server into one file: loading a hundred small files takes longer than the rest of
 * a start. The files are CommonJS, because starting Node's loader of ES modules takes 4 ms in each process. koffi has a
 * native module, and jiti and picomatch are seldom needed, so they stay outside. A watchdog's report of a hang is a
 * file of its own. Runs at build time, in the package's directory.
 */
const { metafile } = await build({
  entryPoints: [
    'bin/unicorn.ts',
    'bin/worker.ts',
    'lib/worker/watchdog/watchdog-thread.ts',
    'lib/worker/watchdog/report-hang.ts',
  ],
  entryNames: '[name]',
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
  external: ['koffi', 'jiti', 'picomatch'],
  plugins: [unused],
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "'use strict'; const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
})
writeFileSync(`${OUT}/LICENSES.txt`, licenses(metafile))

/** The licenses of the bundled packages, which must be distributed with their code. */
function licenses({ inputs }: Metafile): string {
  const packages = new Set(Object.keys(inputs).flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  return [...packages].sort().map(licenseOf).join('\n')
}

function licenseOf(directory: string): string {
  const file = readdirSync(directory).find(name => /^licen[cs]e/i.test(name))
  return `${directory.replace(/^.*node_modules\//, '')}\n\n${file ? readFileSync(join(directory, file), 'utf8') : ''}`
}
