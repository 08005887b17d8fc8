import { until } from '../helpers/until.js'
import type { Served } from './serve.js'

/** A promise that the test resolves. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { passed, open }
}

/** Waits until the server has seen that the client of its first request is gone. */
export async function clientGone(server: Served): Promise<void> {
  await until('the request is there', () => server.exchanges.length > 0)
  const answer = server.exchanges[0]?.answer
  if (answer && !answer.gone) await new Promise<void>(resolve => answer.onClose(resolve))
}
