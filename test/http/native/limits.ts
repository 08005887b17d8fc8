import type { HttpPolicy } from '../../../lib/http/policy.js'

/** What the settings say unless they are changed. */
export const LIMITS: HttpPolicy = {
  keepAlive: 5000,
  headerTimeout: 5000,
  limitRequestLine: 8190,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestBody: 0,
}
