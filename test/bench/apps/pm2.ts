import cluster from 'node:cluster'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { appsDirectory } from '../contestants.js'
import { loadPm2 } from '../pm2.js'
import { announce } from './announce.js'

/**
 * PM2's cluster mode, with a home of its own. This process is PM2's daemon, as under `pm2 --no-daemon`: so it counts,
 * and ends, like the primary process of the others.
 *
 * Run as: node pm2.js APP WORKERS [PORT]
 */
// What stays in argv, node:cluster would hand to the workers, in front of what PM2 hands to them.
const [app, workers, port = '0'] = process.argv.splice(2)

const stopped = new Promise<void>(resolve => {
  // A terminal sends its signals to every process.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve())
})

const home = mkdtempSync(join(tmpdir(), 'bench-pm2-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))
process.env.PM2_HOME = home
const pm2 = loadPm2()
announce()
// Else it goes to files in the home alone.
cluster.on('message', (_worker, { type, data }) => {
  if (type === 'log:err') process.stderr.write(data)
})

await promisify(pm2.connect.bind(pm2))(true)
await promisify(pm2.start.bind(pm2))({
  script: `${appsDirectory}bare.js`,
  args: ['none', app, workers, port],
  instances: Number(workers),
  exec_mode: 'cluster',
  // Those that the terminal's signal has ended stay so. And PM2 need not ask git about the script.
  autorestart: false,
  vizion: false,
})
await stopped
pm2.killDaemon(() => {})
