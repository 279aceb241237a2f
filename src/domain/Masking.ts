/** What leaves AMS as text goes through here: log lines, alerts. */
import { mask } from "./PhoneNumber.ts"

const phoneNumber = /\+82\d{8,10}\b|\b01[016789]-?\d{3,4}-?\d{4}\b/g
const token = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g
const address = /(postgres(?:ql)?|mongodb(?:\+srv)?):\/\/[^\s"]*@/g

/** The one function between a text and the world: numbers, tokens and passwords in addresses. */
export const masked = (text: string): string =>
  text
    .replace(phoneNumber, (number) => mask(number.replaceAll("-", "")))
    .replace(token, "<token>")
    .replace(address, "$1://***@")
