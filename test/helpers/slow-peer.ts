import { until } from './until.js'

/**
 * Returns how much has gone through the application, which answers that at `path`, once it has stayed the same for some
 * requests.
 */
export async function standstill(
  client: { get(path: string): Promise<{ body: string }> },
  path: string,
): Promise<number> {
  let last = -1
  let same = 0
  await until('the stream stands still', async () => {
    const passed = Number((await client.get(path)).body)
    same = passed === last ? same + 1 : 0
    last = passed
    return same === 5
  })
  return last
}
