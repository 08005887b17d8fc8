import type { Config } from '../../config/settings.js'
import { toError } from '../errors.js'
import { requestFacts } from '../gateway/failure.js'
import { BodyTooLarge, ClientGone } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import { Upload } from '../http/upload/upload.js'
import { BodyNotStored, UploadSpace } from '../http/upload/upload-space.js'
import type { WorkerParts } from './parts.js'

/** Interfaces whose applications read a body that the server has taken in as they would read it from the client. */
const BUFFERED = new Set(['wsgi', 'fetch'])

/**
 * Whether requests wait for their bodies: in a worker that runs one at a time, unless the setting says something else.
 * (For Python its own gateway sees to it.)
 */
export function buffersRequests(config: Config, oneAtATime: boolean | undefined): boolean {
  return config.requestBuffering ?? oneAtATime === true
}

/** Takes in the bodies of requests before the application runs, so that a slow client holds nothing that computes. */
export class Intake {
  readonly #parts: WorkerParts
  readonly #space: UploadSpace
  readonly #isOn: boolean

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#space = new UploadSpace(parts.config.tmpUploadDir)
    this.#isOn = buffersRequests(parts.config, parts.admission.oneAtATime)
  }

  /**
   * @param refuse  answers in place of the application
   * @returns undefined if there is nothing to wait for; else a promise that tells whether the request may run, and is
   * never rejected: a request whose body cannot be had is answered
   */
  receive(exchange: Exchange, refuse: (status: number, why: string) => void): Promise<boolean> | undefined {
    if (!this.#isOn || exchange.head.bodyLength === 0) return undefined
    return BUFFERED.has(this.#parts.application.gateway.interface) ? this.#take(exchange, refuse) : undefined
  }

  async #take(exchange: Exchange, refuse: (status: number, why: string) => void): Promise<boolean> {
    const { answer } = exchange
    try {
      const upload = await Upload.receive(exchange.body, this.#space)
      if (answer.gone || answer.ended) {
        await upload.close()
        return false
      }
      answer.onClose(() => void upload.close())
      exchange.body = upload
      return true
    } catch (thrown) {
      const error = toError(thrown)
      const status = this.#log(error, exchange)
      if (!answer.gone && !answer.ended) refuse(status, error.message)
      return false
    }
  }

  /** @returns the status of the answer, if there can be one */
  #log(error: Error, exchange: Exchange): number {
    const { log } = this.#parts
    const facts = { err: error, ...requestFacts(exchange) }
    if (error instanceof ClientGone) log.debug(facts, 'the client went away')
    else if (error instanceof BodyTooLarge) log.info(facts, 'a request was refused')
    else log.error(facts, error.message)
    if (error instanceof BodyTooLarge) return error.status
    return error instanceof BodyNotStored ? 503 : 500
  }
}
