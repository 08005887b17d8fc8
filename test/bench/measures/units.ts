import type { Unit } from '../finding.js'

/** On the machine's side of the loopback interface, wrk takes a core too. */
export const WORKERS = 2

/**
 * Where the cost of a request is to decide, and not how connections happen to fall on workers, nor who gets which core.
 */
export const ALONE = 1

export const rate: Unit = { digits: 0, name: '/s' }
export const cpu: Unit = { digits: 1, name: 'us CPU a request' }
export const milliseconds: Unit = { digits: 1, name: 'ms' }
export const megabytes: Unit = { digits: 1, name: 'MB' }
export const shares: Unit = { digits: 2, name: 'x mean' }
export const percent: Unit = { digits: 1, name: '%' }
