import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Containers } from '../helpers/containers.js'
import { freePort } from '../helpers/free-port.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import type { LogLine } from '../helpers/log.js'
import { handling, messages } from '../helpers/messages.js'
import { packedProject } from '../helpers/packed-project.js'
import { root } from '../helpers/root.js'
import { until } from '../helpers/until.js'

const files = ['docker/Dockerfile', 'docker/.dockerignore', 'compose/compose.yaml']
const app = readFileSync(`${root}test/fixtures/deploy/app.js`, 'utf8')
/** No capability, nothing to write to, and a user that no file knows. */
const STRICT = ['--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--read-only', '--read-only-tmpfs=false']
/** The default, in seconds. */
const GRACEFUL_TIMEOUT = 30

t.test('the image of the Dockerfile', async t => {
  const project = await packedProject(t, app, files)
  // Free ports in place of those of the files, as other servers run on this machine's network.
  const metrics = String(await freePort())
  const dockerfile = `${project.directory}/Dockerfile`
  writeFileSync(dockerfile, readFileSync(dockerfile, 'utf8').replaceAll('9100', metrics))
  const containers = await Containers.prepare(t)
  await containers.build(project, 'shop:1.0')

  await t.test('a container with little rights, memory and CPU time', async t => {
    const holds = await startHolds(t)
    const port = await freePort()
    const limits = ['--user', '123456:0', '--cpus', '0.5', '--memory', '256m']
    const env = ['--env', `PORT=${port}`, '--env', `HOLDS=${holds.url}`]
    const container = containers.start(t, 'shop:1.0', ...STRICT, ...limits, ...env)
    const client = new Client(t, { host: '127.0.0.1', port })
    const { pid: arbiter } = await container.log.wait(messages.listening)
    await container.log.wait(messages.ready)
    t.equal(arbiter, 1, 'the server is PID 1')
    t.equal((await client.get()).status, 200, 'it serves')
    t.equal(container.log.all(messages.booting).length, 1, 'half a CPU is one worker')
    const installed = (await containers.exec(container, 'ls', 'node_modules')).trim().split('\n')
    const surplus = installed.filter(name => !project.packages.some(known => known.split('/')[0] === name))
    t.same(surplus, [], 'the image has what production needs, and nothing else')
    await t.resolves(containers.podman('healthcheck', 'run', container.name))

    await containers.podman('kill', '--signal', 'HUP', container.name)
    await container.log.wait(messages.reloaded)
    await containers.podman('kill', '--signal', 'USR2', container.name)
    await container.log.wait(messages.upgradeRefused)
    const last = container.log.lines.at(-1)
    await t.rejects(client.get('/eat'))
    const killed = (line: LogLine): boolean => messages.exited.test(line.msg) && line.signal === 'SIGKILL'
    await t.resolves(container.log.wait(killed), 'the kernel ends the worker that takes too much memory')
    await container.log.wait(messages.ready, last && { after: last })
    t.equal((await client.get()).status, 200, 'and another one serves')

    const held = client.get('/hold/a')
    await holds.arrival('a')
    await containers.podman('kill', '--signal', 'TERM', container.name)
    await container.log.wait(handling('term'))
    await t.rejects(containers.podman('healthcheck', 'run', container.name), 'a server that stops is not ready')
    holds.release('a')
    t.equal((await held).body, 'let go', 'TERM waits for the answer')
    t.same(await container.exit, { code: 0, signal: null })
  })

  await t.test('the number of workers, and a failure, without limits', async t => {
    const cases = [
      { cpus: '1.5', workers: Math.min(2, availableParallelism()) },
      { cpus: '0', workers: availableParallelism() },
    ]
    for (const { cpus, workers } of cases) {
      const { log } = containers.start(t, 'shop:1.0', '--network', 'none', '--cpus', cpus)
      await log.wait(messages.ready, { count: workers })
      t.equal(log.all(messages.booting).length, workers, `--cpus ${cpus}`)
    }
    const broken = containers.start(t, 'shop:1.0', '--network', 'none', '--env', 'UNICORN_CMD_ARGS=--chdir /')
    t.same(await broken.exit, { code: 4, signal: null }, 'a failed start is a failed container')
    t.ok(broken.log.all(messages.gaveUp).length > 0)
  })

  await t.test('the compose file', async t => {
    const port = await freePort()
    const file = `${project.directory}/compose.yaml`
    const text = readFileSync(file, 'utf8')
    const grace = Number(/stop_grace_period: (\d+)s/.exec(text)?.[1])
    t.ok(grace > GRACEFUL_TIMEOUT, 'a stop has the time that a drain takes')
    // On the machine's network, which has its ports without being given any, and at a free one.
    writeFileSync(file, text.replace(/^ +ports: .*\n/m, ''))
    const override = `${project.directory}/override.json`
    const build = { args: { BASE: 'localhost/node' } }
    const service = { build, network_mode: 'host', environment: { PORT: String(port) } }
    writeFileSync(override, JSON.stringify({ services: { shop: service } }))
    const docker = await containers.docker(t)
    const compose = (...args: string[]): Promise<string> =>
      docker('--project-name', 'shop', '-f', file, '-f', override, ...args)
    atEnd(t, () => compose('down'))
    // Compose builds it anew, of the layers that are there.
    await containers.podman('untag', 'shop:1.0')
    await compose('up', '--detach')
    const container = { name: (await compose('ps', '--quiet')).trim() }
    const client = new Client(t, { host: '127.0.0.1', port })
    await until('it serves', async () => (await client.get().catch(() => undefined))?.status === 200)
    t.equal((await containers.logOf(container)).match(/Worker ready/g)?.length, 1, 'one CPU is one worker')
    await t.resolves(containers.podman('healthcheck', 'run', container.name))
    await t.rejects(containers.exec(container, 'sh', '-c', 'echo > file'), /Read-only file system/)
    await compose('stop')
    t.match(await containers.logOf(container), /"exitCode":0,"msg":"Shut down"/)
  })

  await t.test('the manifests of Kubernetes', async t => {
    const port = await freePort()
    const names = ['deployment', 'service', 'disruption-budget', 'autoscaler']
    const text = names.map(name => readFileSync(`${root}config/deploy/kubernetes/${name}.yaml`, 'utf8')).join('---\n')
    const seconds = (key: RegExp): number => Number(key.exec(text)?.[1])
    const drain = seconds(/sleep", "(\d+)"/) + GRACEFUL_TIMEOUT
    t.ok(seconds(/terminationGracePeriodSeconds: (\d+)/) > drain, 'a pod has the time that its end takes')

    // A pod on the machine's network has its ports without being given any.
    const withoutPorts = text.replace(/^ +ports:\n(?: +- .*containerPort.*\n)+/m, '')
    const onFreePorts = withoutPorts.replaceAll('8000', String(port)).replaceAll('9100', metrics)
    const file = `${project.directory}/shop.yaml`
    writeFileSync(file, onFreePorts)
    atEnd(t, () => containers.podman('pod', 'rm', '--all', '--force', '--time', '0'))
    await containers.podman('play', 'kube', '--network', 'host', file)
    const pod = { name: 'shop-pod-0-shop' }
    const log = (): Promise<string> => containers.logOf(pod)
    const client = new Client(t, { host: '127.0.0.1', port })
    const probes = new Client(t, { host: '127.0.0.1', port: Number(metrics) })
    await until('it is ready', async () => (await probes.get('/readyz').catch(() => undefined))?.status === 200)
    t.equal((await probes.get('/healthz')).status, 200, 'it is alive')
    t.equal((await client.get()).status, 200, 'it serves')
    t.equal((await log()).match(/Worker ready/g)?.length, 1, 'one CPU is one worker')
    await t.rejects(containers.exec(pod, 'sh', '-c', 'echo > file'), /Read-only file system/)
    await t.resolves(containers.exec(pod, 'sleep', '0'), 'the command of preStop is there')
    const load = new Load(client, { concurrency: 2 })
    atEnd(t, () => load.stop())
    await containers.podman('kill', '--signal', 'HUP', pod.name)
    await until('it has reloaded', async () => /Reloaded/.test(await log()))
    t.same(await load.stop(), [], 'no request fails')
    await containers.podman('pod', 'stop', '--time', '40', 'shop-pod-0')
    t.match(await log(), /"exitCode":0,"msg":"Shut down"/)
  })
})
