import type { FileHandle } from 'node:fs/promises'
import type { Answer } from '../../http/exchange.js'
import type { Background } from '../gateway.js'
import { type Chunk, cutTo, sizeOf } from './chunk.js'

/** What leaves at once, in bytes: the engine and the kernel hold no more of it than that and their own buffers. */
const PIECE = 1 << 16
/** What leaves between two looks at the client, in bytes: each costs a turn of the event loop. */
const AT_ONCE = 1 << 17

/** What is left of a chunk, and the bytes that are free when all of it is taken: a part keeps all of it in memory. */
interface Kept {
  readonly bytes: Uint8Array
  readonly frees: number
}

/** A copy: the engine may hold it for long, and with a part of the chunk it would hold all of that. */
function firstPieceOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, 0, PIECE)
}

/**
 * What an application has given of its answer and the client has not taken: it leaves in the background. If there is
 * no room left in memory for the answers of a worker, it lies in a file that has no name.
 */
export class Backlog {
  readonly #answer: Answer
  readonly #background: Background
  /** What stands behind the file. */
  readonly #chunks: Kept[] = []
  /** Bytes of it, and those that the file ever had, and had taken. */
  #held = 0
  #written = 0
  #read = 0
  #file: FileHandle | undefined
  #writing: Promise<void> | undefined
  #cannotStore = false
  #isPumping = false
  #end: (() => void) | undefined
  /** Wakes an application that waits. */
  #wake: (() => void) | undefined

  constructor(answer: Answer, background: Background) {
    this.#answer = answer
    this.#background = background
  }

  /** Whether the engine may have all of a body at once: that is quicker, but none of it can go to a file then. */
  takesWhole(size: number): boolean {
    if (size <= PIECE) return true
    const { space, most } = this.#background
    if (size > most || !space.hasRoom) return false
    space.hold(size)
    this.#answer.onClose(() => space.hold(-size))
    return true
  }

  /** @returns false if there is too much of it: wait for `drained` */
  write(chunk: Chunk): boolean {
    if (this.#isPumping) this.#keep(chunk)
    else if (sizeOf(chunk) > PIECE) this.#writePiece(chunk)
    else if (this.#answer.write(chunk)) return true
    this.#pump()
    return !this.#isFull
  }

  /** Resolves when there is room again, or the answer is over. */
  async drained(): Promise<void> {
    if (this.#isFull && !this.#answer.gone) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** @param end  ends the answer; called when all of it has left, now or later */
  finish(end: () => void): void {
    if (this.#isPumping) this.#end = end
    else end()
  }

  get #isFull(): boolean {
    const untaken = this.#held + this.#written - this.#read
    return untaken > this.#background.most || (this.#cannotStore && untaken > 0)
  }

  #writePiece(chunk: Chunk): void {
    const bytes = cutTo(chunk, Number.POSITIVE_INFINITY)
    this.#answer.write(firstPieceOf(bytes))
    this.#keep(bytes.subarray(PIECE), bytes.length)
  }

  /** @param frees  the bytes of all of the chunk, if this is a part */
  #keep(chunk: Chunk, frees?: number): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const kept = { bytes, frees: frees ?? bytes.length }
    this.#chunks.push(kept)
    this.#hold(kept.frees)
    if (!this.#background.space.hasRoom && !this.#cannotStore) this.#writing ??= this.#store()
  }

  /** Moves what is in memory to the file, behind what is there. Never rejects. */
  async #store(): Promise<void> {
    const { space, onNotStored } = this.#background
    const chunks = this.#chunks.splice(0)
    const bytes = Buffer.concat(chunks.map(chunk => chunk.bytes))
    try {
      this.#file ??= await space.open()
      await space.write(this.#file, bytes)
      this.#written += bytes.length
      for (const { frees } of chunks) this.#hold(-frees)
    } catch (error) {
      this.#chunks.unshift(...chunks)
      this.#cannotStore = true
      onNotStored(error)
    }
    this.#writing = undefined
  }

  #hold(bytes: number): void {
    this.#held += bytes
    this.#background.space.hold(bytes)
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    void this.#send()
  }

  /** Sends what is kept, piece by piece as the client takes it. Never rejects. */
  async #send(): Promise<void> {
    const answer = this.#answer
    try {
      for (let left = 0; ; ) {
        if (left <= 0) {
          await answer.drained()
          left = AT_ONCE
        }
        const piece = answer.gone ? undefined : await this.#take()
        if (!piece || answer.gone) break
        answer.write(piece)
        left -= piece.length
        if (!this.#isFull) this.#wake?.()
      }
    } catch {
      answer.cut()
    }
    this.#isPumping = false
    if (!answer.gone) this.#end?.()
    this.#wake?.()
    if (answer.gone || answer.ended) await this.#close()
  }

  /** Returns the next bytes; undefined at the end of what there is now. */
  async #take(): Promise<Uint8Array | undefined> {
    if (this.#file && this.#read < this.#written) return this.#takeFromFile(this.#file)
    await this.#writing
    if (this.#file && this.#read < this.#written) return this.#takeFromFile(this.#file)
    const first = this.#chunks.shift()
    if (first === undefined) return undefined
    const { bytes, frees } = first
    if (bytes.length > PIECE) this.#chunks.unshift({ bytes: bytes.subarray(PIECE), frees })
    else this.#hold(-frees)
    return frees > PIECE ? firstPieceOf(bytes) : bytes
  }

  async #takeFromFile(file: FileHandle): Promise<Uint8Array> {
    const size = Math.min(PIECE, this.#written - this.#read)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, this.#read)
    if (bytesRead === 0) throw new Error('the file of a response is shorter than what was written to it')
    this.#read += bytesRead
    return buffer.subarray(0, bytesRead)
  }

  async #close(): Promise<void> {
    await this.#writing
    this.#chunks.length = 0
    this.#hold(-this.#held)
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
