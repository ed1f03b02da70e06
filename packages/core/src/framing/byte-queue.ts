import { Buffer } from "node:buffer";
import { codedError } from "../errors.js";

/** A piece of at least this many bytes is kept as it is. A shorter piece is copied to the bytes before it. */
const LARGE = 16_384;
/** The sizes of the memory into which we copy short pieces. */
const SMALLEST_BLOCK = 1024;
const LARGEST_BLOCK = 65_536;

const NOTHING = Buffer.alloc(0);

/**
 * Bytes that have arrived and that nobody has taken yet, first in, first out. A peer decides into which pieces it cuts the bytes. Even
 * if it sends one byte at a time, each byte is copied only a few times, and the queue uses at most about twice the memory of its bytes.
 */
export class ByteQueue {
  /** The bytes, in order. If {@link #block} is set, the last of them is a view of the used part of the block. */
  #pieces: Buffer[] = [];
  /** The first piece with bytes that were not taken, and where in the piece they begin. */
  #first = 0;
  #start = 0;
  #block: Buffer | undefined;
  length = 0;

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.length === 0) {
      // The usual case: whole frames arrive in one piece, and taking them copies nothing.
      this.#reset([bytes], undefined);
    } else if (!this.#fitsBlock(bytes)) {
      if (bytes.length >= LARGE) {
        this.#pieces.push(bytes);
        this.#block = undefined;
      } else {
        const size = Math.min(Math.max(2 * this.length, SMALLEST_BLOCK), LARGEST_BLOCK);
        this.#block = Buffer.allocUnsafeSlow(Math.max(size, bytes.length));
        bytes.copy(this.#block);
        this.#pieces.push(this.#block.subarray(0, bytes.length));
      }
    }
    this.length += bytes.length;
  }

  /** Copies the bytes behind the last piece, if there is room. */
  #fitsBlock(bytes: Buffer): boolean {
    const block = this.#block;
    if (block === undefined) return false;
    const last = this.#pieces.length - 1;
    const used = this.#pieces[last]!.length;
    if (block.length - used < bytes.length) return false;
    bytes.copy(block, used);
    this.#pieces[last] = block.subarray(0, used + bytes.length);
    return true;
  }

  /** Returns the first `count` bytes, of which there must be as many, and removes them. */
  take(count: number): Buffer {
    if (count === 0) return NOTHING;
    const bytes = this.#view(count) ?? this.#copy(count, Buffer.allocUnsafeSlow(count));
    this.#drop(count);
    return bytes;
  }

  /** Returns the first `count` bytes, of which there must be as many. They stay. */
  peek(count: number): Buffer {
    if (count === 0) return NOTHING;
    const bytes = this.#view(count);
    if (bytes !== undefined) return bytes;
    // With room for as much again, each byte is copied a bounded number of times even if the caller peeks after each byte.
    const block = Buffer.allocUnsafeSlow(Math.max(2 * this.length, SMALLEST_BLOCK));
    this.#reset([this.#copy(this.length, block)], block);
    return block.subarray(0, count);
  }

  clear(): void {
    this.#reset([], undefined);
    this.length = 0;
  }

  #reset(pieces: Buffer[], block: Buffer | undefined): void {
    this.#pieces = pieces;
    this.#first = 0;
    this.#start = 0;
    this.#block = block;
  }

  /** The first `count` bytes, if they are in one piece. */
  #view(count: number): Buffer | undefined {
    const end = this.#start + count;
    const piece = this.#pieces[this.#first]!;
    return end <= piece.length ? piece.subarray(this.#start, end) : undefined;
  }

  /** Copies the first `count` bytes to `memory`. Returns the part of `memory` that has them. */
  #copy(count: number, memory: Buffer): Buffer {
    let start = this.#start;
    let copied = 0;
    for (let i = this.#first; copied < count; i++) {
      const piece = this.#pieces[i]!;
      // Otherwise we would return memory that nobody has written to.
      if (piece.length <= start) {
        throw codedError(
          "ERR_INVALID_STATE",
          "Bytes that wait to be taken are gone: the ArrayBuffer of an earlier take() or peek() was transferred. Copy before you transfer",
        );
      }
      copied += piece.copy(memory, copied, start, start + count - copied);
      start = 0;
    }
    return memory.subarray(0, count);
  }

  #drop(count: number): void {
    this.length -= count;
    if (this.length === 0) {
      this.#reset([], undefined);
      return;
    }
    let end = this.#start + count;
    while (end > 0 && end >= this.#pieces[this.#first]!.length) end -= this.#pieces[this.#first++]!.length;
    this.#start = end;
    if (this.#first > this.#pieces.length / 2) {
      this.#pieces.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
