import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { AcademyChange, change, create, defaultSettings, NewAcademy } from "../../src/domain/Academy.ts"
import { AcademyId } from "../../src/domain/Ids.ts"
import { LocalTime } from "../../src/domain/LocalTime.ts"

const id = AcademyId.make("0199aaaa-0000-7000-8000-000000000001")
const night = { from: LocalTime.make("22:00"), until: LocalTime.make("07:30") }
const { quietHours: _, ...settings } = { ...defaultSettings, lateAfterMinutes: 5 }
const made = (said: typeof NewAcademy.Encoded) => create(Schema.decodeSync(NewAcademy)(said), id).academy
const academy = made({ name: "한빛학원", registrationNumber: "1" })

describe("the quiet hours of an academy", () => {
  it("are none until somebody sets them, whatever else is said", () => {
    assert.isNull(academy.settings.quietHours)
    assert.deepStrictEqual(made({ name: "한빛학원", registrationNumber: "1", settings }).settings, {
      ...settings,
      quietHours: null
    })
  })

  it("stay as they are when the other settings change, and go when they are taken away", () => {
    const set = change(academy, { settings: { ...settings, quietHours: night } }).academy
    assert.deepStrictEqual(set.settings, { ...settings, quietHours: night })
    assert.deepStrictEqual(change(set, { settings: { ...settings, lateAfterMinutes: 10 } }).academy.settings, {
      ...defaultSettings,
      quietHours: night
    })
    assert.deepStrictEqual(change(set, { phone: "02-123-4567" }).academy.settings, set.settings)
    assert.isNull(change(set, { settings: { ...settings, quietHours: null } }).academy.settings.quietHours)
  })

  it("end at another time than they begin", () => {
    const said = (from: string, until: string) =>
      Result.isSuccess(
        Schema.decodeResult(AcademyChange)({ settings: { ...settings, quietHours: { from, until } } })
      )
    assert.isTrue(said("22:00", "07:30"))
    assert.isTrue(said("12:00", "12:01"))
    for (const [from, until] of [["12:00", "12:00"], ["24:00", "07:00"], ["7:00", "08:00"]] as const) {
      assert.isFalse(said(from, until), `${from} to ${until}`)
    }
  })
})
