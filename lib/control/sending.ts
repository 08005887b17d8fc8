/** What sends figures to others until it is closed. */
export interface Sending {
  /** It has ended by itself. */
  readonly isOver?: boolean
  /** Sends the last figures, for a bounded time. Never rejects. */
  close(): Promise<void>
}
