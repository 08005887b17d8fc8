/** What stands behind the name of a file that was compressed beforehand, and what its coding is called in HTTP. */
export const ENCODINGS = [
  ['.br', 'br'],
  ['.zst', 'zstd'],
  ['.gz', 'gzip'],
] as const

/** What can be chosen by `Accept-Encoding`. */
interface Encoded {
  readonly encoding: string
  readonly size: number
}

/**
 * Chooses by `Accept-Encoding` (RFC 9110, section 12.5.3): what the client likes best, of that the smallest.
 * @returns undefined for the file as it is
 */
export function chooseEncoded<Some extends Encoded>(
  accepted: string | undefined,
  some: readonly Some[],
): Some | undefined {
  if (accepted === undefined || some.length === 0) return undefined
  const weights = weightsOf(accepted)
  const weightOf = ({ encoding }: Encoded): number => weights.get(encoding) ?? weights.get('*') ?? 0
  let best: Some | undefined
  let most = weights.get('identity') ?? 0
  for (const each of some) {
    const weight = weightOf(each)
    if (weight === 0 || weight < most) continue
    if (weight === most && best !== undefined && best.size <= each.size) continue
    best = each
    most = weight
  }
  return best
}

/** Weights by names in lower case. */
function weightsOf(accepted: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const item of accepted.split(',')) {
    const [name = '', ...parameters] = item.split(';').map(part => part.trim().toLowerCase())
    const weight = parameters.find(parameter => parameter.startsWith('q='))
    if (name !== '') weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)) || 0)
  }
  return weights
}
