/**
 * What a connection does:
 *
 *     preface    waits for what stands before HTTP, or for the rest of it
 *     head       waits for a request, or for the rest of its head
 *     running    the application has a request, whose body may still come; what comes behind that is kept
 *     lingering  the last answer has left; what the client still sends is dropped
 *     closed
 */
export type State = 'preface' | 'head' | 'running' | 'lingering' | 'closed'

/** Takes what it can use off the bytes. @returns where the rest begins, which is given again with what follows */
export type Take = (bytes: Buffer, start: number, end: number) => number

/** What a connection can do about what comes. */
export interface Living {
  readonly takePreface: Take
  readonly takeHead: Take
  readonly takeBody: Take
  endPreface(): void
  endBetween(): void
  endWithin(): void
  closeWhenSent(): void
}

interface Reactions {
  take(connection: Living, ...bytes: Parameters<Take>): number
  /** The client sends no more. */
  end(connection: Living): void
}

const dropAll: Reactions['take'] = (_connection, _bytes, _start, end) => end

/** What happens to a connection, by its state. */
export const LIFE: Readonly<Record<State, Reactions>> = {
  preface: {
    take: (connection, bytes, start, end) => connection.takePreface(bytes, start, end),
    end: connection => connection.endPreface(),
  },
  head: {
    take: (connection, bytes, start, end) => connection.takeHead(bytes, start, end),
    end: connection => connection.endBetween(),
  },
  running: {
    take: (connection, bytes, start, end) => connection.takeBody(bytes, start, end),
    end: connection => connection.endWithin(),
  },
  lingering: { take: dropAll, end: connection => connection.closeWhenSent() },
  closed: { take: dropAll, end: () => {} },
}
