import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { Log } from './log.js'
import type { Project } from './packed-project.js'
import { requireCommand } from './require-command.js'
import { run } from './run.js'
import type { Exit } from './server-process.js'
import { spawnClean } from './spawn.js'
import { until } from './until.js'

/** A container in the foreground: its log, and its end. */
export interface Container {
  readonly name: string
  readonly log: Log
  readonly exit: Promise<Exit>
}

/** The image that stands in for node:22-slim, as no registry is asked. */
const BASE = 'localhost/node'
const COMMANDS = ['env', 'ls', 'cat', 'sh', 'sleep']
/**
 * crun refuses a machine that has both versions of control groups, as some have that version 2 manages nothing on: its
 * processes get a mount namespace without that one.
 */
const ENTER = [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c'],
  'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec "$@"',
  'sh',
]

/** Real containers by podman, with images and state of the test's own, of which nothing is left behind. */
export class Containers {
  readonly directory: string
  readonly #env: Readonly<Record<string, string>>
  #count = 0

  private constructor(directory: string) {
    this.directory = directory
    this.#env = {
      CONTAINERS_CONF: join(directory, 'containers.conf'),
      BUILDAH_ISOLATION: 'chroot',
    }
  }

  static async prepare(t: Test): Promise<Containers> {
    refuseUnlessPossible()
    // Not in /tmp, where memory may be the disk.
    const directory = mkdtempSync('/var/tmp/u-containers-')
    atEnd(t, () => rmSync(directory, { recursive: true, force: true }))
    const containers = new Containers(directory)
    writeFileSync(
      join(directory, 'containers.conf'),
      `[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]\ncgroup_manager = "cgroupfs"\ncompat_api_enforce_docker_hub = false\nevents_logger = "file"\n`,
    )
    atEnd(t, () => containers.podman('rm', '--all', '--force', '--time', '0'))
    await containers.#importBase()
    return containers
  }

  /** Runs podman to its end. @returns its standard output; @throws Error with all that it said if it fails */
  podman(...args: readonly string[]): Promise<string> {
    return run(this.#command(args), { cwd: '/', env: this.#env })
  }

  /** Builds the Dockerfile of a project, whose packages come from npm's cache: no registry is asked. */
  build({ directory, packed, cache }: Project, tag: string): Promise<string> {
    const volumes = [`${packed}:${packed}:ro`, `${cache}:/npm-cache`].flatMap(volume => ['--volume', volume])
    const options = ['--format', 'docker', '--build-arg', `BASE=${BASE}`, ...volumes]
    return this.podman('build', ...options, '--tag', tag, directory)
  }

  /** Runs an image, on the machine's network if no other is named. @param options  of `podman run` */
  start(t: Test, image: string, ...options: readonly string[]): Container {
    const name = `shop-${++this.#count}`
    const network = options.includes('--network') ? [] : ['--network', 'host']
    const line = ['run', '--rm', '--name', name, ...network, ...options, image]
    const child = spawnClean(this.#command(line), { cwd: '/', env: this.#env })
    if (!child.stdout || !child.stderr) throw new Error('no output')
    const log = new Log()
    log.read(child.stderr)
    new Log().read(child.stdout)
    const exit = new Promise<Exit>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    atEnd(t, async () => {
      await this.podman('rm', '--force', '--ignore', '--time', '0', name)
      await exit
    })
    return { name, log, exit }
  }

  /** Serves Docker's own API until the test ends. @returns a function that runs docker-compose, with its arguments */
  async docker(t: Test): Promise<(...args: readonly string[]) => Promise<string>> {
    const socket = join(this.directory, 'docker.sock')
    const command = this.#command(['system', 'service', '--time', '0', `unix://${socket}`])
    const service = spawnClean(command, { cwd: '/', env: this.#env })
    const ended = once(service, 'exit')
    for (const output of [service.stdout, service.stderr]) output?.resume()
    atEnd(t, async () => {
      service.kill('SIGTERM')
      await ended
    })
    await until("Docker's API is served", () => existsSync(socket))
    // It builds by the API too, and not by a command.
    const env = { COMPOSE_DOCKER_CLI_BUILD: '0' }
    return (...args) => run(['docker-compose', '--host', `unix://${socket}`, ...args], { cwd: '/', env })
  }

  /** Runs a command in a container. */
  exec({ name }: Pick<Container, 'name'>, ...command: readonly string[]): Promise<string> {
    return this.podman('exec', '--user', '1000', name, ...command)
  }

  /** What a container has written to its standard error. */
  logOf({ name }: Pick<Container, 'name'>): Promise<string> {
    const command = ['sh', '-c', 'exec "$@" 2>&1 >/dev/null', 'sh', ...this.#command(['logs', name])]
    return run(command, { cwd: '/', env: this.#env })
  }

  #command(args: readonly string[]): string[] {
    const places = ['--root', join(this.directory, 'storage'), '--runroot', join(this.directory, 'run')]
    return [...ENTER, 'podman', ...places, ...args]
  }

  /** This machine's Node with its libraries, npm, and a busybox. */
  async #importBase(): Promise<void> {
    const base = join(this.directory, 'base')
    const at = (path: string): string => {
      mkdirSync(join(base, dirname(path)), { recursive: true })
      return join(base, path)
    }
    const node = realpathSync(process.execPath)
    cpSync(node, at('usr/local/bin/node'))
    for (const [library] of lines('ldd', node).matchAll(/\/\S+/g)) cpSync(realpathSync(library), at(library))
    cpSync(realpathSync(lines('which', 'busybox').trim()), at('bin/busybox'))
    symlinkSync('../bin', at('usr/bin'))
    for (const name of COMMANDS) symlinkSync('busybox', at(`bin/${name}`))
    // `npm root` names a directory of the Node that runs it, which need not be the one that npm came with.
    const npm = dirname(dirname(realpathSync(lines('which', 'npm').trim())))
    cpSync(npm, at('usr/local/lib/node_modules/npm'), { recursive: true })
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', at('usr/local/bin/npm'))
    writeFileSync(at('usr/local/etc/npmrc'), 'cache=/npm-cache\noffline=true\nlogs-max=0\nupdate-notifier=false\n')
    writeFileSync(at('etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n')
    for (const name of ['tmp', 'root']) mkdirSync(at(`${name}/.`), { recursive: true })
    const archive = join(this.directory, 'base.tar')
    await run(['tar', '-C', base, '-cf', archive, '.'], { cwd: '/' })
    await this.podman('import', '--change', 'ENV PATH=/usr/local/bin:/bin', archive, BASE)
    for (const path of [base, archive]) rmSync(path, { recursive: true })
  }
}

function lines(file: string, ...args: readonly string[]): string {
  return spawnSync(file, args, { encoding: 'utf8' }).stdout
}

function refuseUnlessPossible(): void {
  for (const name of ['podman', 'crun', 'conmon', 'docker-compose', 'unshare', 'mountpoint', 'tar', 'npm']) {
    requireCommand([name, '--version'])
  }
  requireCommand(['busybox', 'true'])
  if (process.getuid?.() !== 0) throw new Error('this test builds and runs containers, which needs root')
}
