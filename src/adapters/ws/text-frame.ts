const finalText = 0x81
const [shortMax, mediumMax] = [125, 0xffff]
const [isMedium, isLong] = [126, 127]

/** A whole text frame of a server, as RFC 6455 has it in section 5.2: unmasked, in one piece. */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const begin = length <= shortMax ? 2 : length <= mediumMax ? 4 : 10
  // Of its own memory: the frame outlives the moment in which it was made.
  const frame = Buffer.allocUnsafeSlow(begin + length)
  frame[0] = finalText
  frame[1] = length
  if (begin === 4) {
    frame[1] = isMedium
    frame.writeUInt16BE(length, 2)
  } else if (begin === 10) {
    frame[1] = isLong
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, begin, 'utf8')
  return frame
}
