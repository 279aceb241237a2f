/** What a text message may hold: the letters of EUC-KR (KS X 1001), counted in its bytes. */

/** Longer ones go out as LMS. */
export const smsBytes = 90
export const lmsBytes = 2_000

/** What the two-byte part of EUC-KR can write. */
const twoBytes = new Set<string>()
const decoder = new TextDecoder("euc-kr")
for (let lead = 0x81; lead <= 0xfe; lead++) {
  for (let trail = 0x41; trail <= 0xfe; trail++) {
    const letter = decoder.decode(Uint8Array.of(lead, trail))
    if (letter.length === 1 && letter !== "\uFFFD") twoBytes.add(letter)
  }
}

/** Letters that word processors put in the place of plain ones. */
const plain: ReadonlyArray<readonly [RegExp, string]> = [
  [/[\u2018\u2019\u201A\u2032]/g, "'"],
  [/[\u201C\u201D\u201E\u2033]/g, "\""],
  [/[\u2010-\u2015\u2212]/g, "-"],
  [/\u2026/g, "..."],
  [/[\u00A0\u2000-\u200A\u202F\u3000]/g, " "],
  [/\u200B|\u200C|\u200D|\u2060|\uFEFF/g, ""],
  [/[\u2022\u00B7]/g, "\u00B7"]
]

const leads = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
const vowels = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
const tails = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

/** EUC-KR has 2,350 of the 11,172 syllables; a rare one, as in the name 믜선, is written in its letters: ㅁㅢ선. */
const inLetters = (syllable: string): string => {
  const at = syllable.charCodeAt(0) - 0xac00
  const [lead, vowel, tail] = [Math.floor(at / 588), Math.floor((at % 588) / 28), at % 28]
  return `${leads[lead] ?? ""}${vowels[vowel] ?? ""}${tails[tail] ?? ""}`.trim()
}

/**
 * The text as a telephone shows it: composed letters, plain punctuation. What cannot be written, such as an emoji in the
 * name of a class, is left out: rather that than nobody told.
 */
export const forSms = (text: string): string => {
  const clean = plain.reduce((text, [from, to]) => text.replace(from, to), text.normalize("NFC"))
  return [...clean].map((letter) => {
    if (bytesOf(letter) !== undefined) return letter
    return letter >= "가" && letter <= "힣" ? inLetters(letter) : ""
  }).join("")
}

const bytesOf = (letter: string) =>
  letter === "\n" || (letter >= " " && letter <= "~") ? 1 : twoBytes.has(letter) ? 2 : undefined

/** Bytes of what `forSms` gave. */
export const eucKrBytes = (text: string): number => [...text].reduce((sum, letter) => sum + (bytesOf(letter) ?? 2), 0)
