/** The request body grew beyond `limitRequestBody`. The answer is 413 if the application does not handle the error. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  readonly status = 413

  /** @param limit  in bytes */
  constructor(limit: number) {
    super(`the request body is larger than ${limit} bytes (limitRequestBody)`)
  }
}

/** The client closed the connection before it had sent the whole body, or received the whole response. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
  readonly code = 'ECONNRESET'
}
