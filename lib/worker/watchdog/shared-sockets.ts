import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'

/** Listening sockets that this process shares with others, whatever descriptors it has of each. */
export class SharedSockets {
  readonly #identities: ReadonlySet<string>

  constructor(fds: readonly number[]) {
    this.#identities = new Set(fds.flatMap(fd => identityOf(fd) ?? []))
  }

  /**
   * Gives all of them up, while the main thread is blocked. The descriptors stay in use, for nothing: the main thread
   * would close their successors otherwise.
   */
  giveUp(): void {
    for (const name of readdirSync('/dev/fd')) {
      const fd = Number(name)
      const identity = identityOf(fd)
      if (identity !== undefined && this.#identities.has(identity)) replace(fd)
    }
  }
}

function identityOf(fd: number): string | undefined {
  try {
    const { dev, ino } = fstatSync(fd)
    return `${dev}:${ino}`
  } catch {
    return undefined // closed by now
  }
}

/** Puts /dev/null in the place of a descriptor: a new one gets the lowest number that is free. */
function replace(fd: number): void {
  closeSync(fd)
  const opened: number[] = []
  do opened.push(openSync('/dev/null', 'r'))
  while ((opened.at(-1) ?? fd) < fd)
  for (const other of opened) if (other !== fd) closeSync(other)
}
