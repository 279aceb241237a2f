// Puts the messages of the page into phones, one for each number, and takes new ones as they come.
"use strict"
{
  const element = (id) => document.getElementById(id)
  const [grid, state, pause, filter] = ["phones", "state", "pause", "filter"].map(element)
  /** As many as stay on the page, however long it is open. */
  const most = 1000
  /** The stream says something every 15 s: one that says nothing for so long is dead. */
  const silence = 40_000
  const again = 1500

  /** By number. */
  const phones = new Map()
  /** By id, in the order of their coming. */
  const messages = new Map()

  const open = (to, number) => {
    const phone = element("phone").content.cloneNode(true).firstElementChild
    phone.dataset.to = to
    phone.dataset.number = number
    phone.querySelector("header p").textContent = number
    grid.append(phone)
    phones.set(to, phone)
    return phone
  }

  const talkOf = (phone) => phone.querySelector(".talk")

  const name = (phone, called) => {
    phone.dataset.name = called
    phone.querySelector("h2").textContent = called || "이름 없음"
    phone.querySelector(".face").textContent = called.slice(0, 1) || "?"
    // Everybody has a colour, the same one each time; neighbouring numbers have others.
    const hue = [...phone.dataset.to].reduce((sum, char) => sum + char.charCodeAt(0) * 137, 0) % 360
    phone.querySelector(".face").style.setProperty("--hue", hue)
    talkOf(phone).setAttribute("aria-label", `${called || phone.dataset.number}님의 메시지`)
  }

  const place = (message, isNew) => {
    const { at, id, name: called, number, to } = message.dataset
    if (messages.has(id)) return undefined
    messages.set(id, message)
    const phone = phones.get(to) ?? open(to, number)
    const talk = talkOf(phone)
    const later = [...talk.children].find((other) => Number(other.dataset.at) > Number(at))
    talk.insertBefore(message, later ?? null)
    if (later === undefined) {
      name(phone, called)
      if (grid.firstElementChild !== phone) grid.prepend(phone)
    }
    if (isNew) {
      message.classList.add("new")
      message.addEventListener("animationend", () => message.classList.remove("new"), { once: true })
    }
    return talk
  }

  const forget = () => {
    for (const [id, message] of messages) {
      if (messages.size <= most) return
      const phone = message.closest(".phone")
      message.remove()
      messages.delete(id)
      if (talkOf(phone).childElementCount > 0) continue
      phone.remove()
      phones.delete(phone.dataset.to)
    }
  }

  // ---- finding

  const plain = (text) => text.normalize("NFC").toLowerCase().replace(/[\s-]/g, "")

  const show = () => {
    const wanted = plain(filter.value)
    for (const phone of phones.values()) {
      const { name, number, to } = phone.dataset
      const all = [name, number, to].some((text) => plain(text).includes(wanted))
      let day
      let shown = 0
      for (const message of talkOf(phone).children) {
        message.hidden = !all && !plain(message.querySelector(".body").textContent).includes(wanted)
        if (message.hidden) continue
        message.classList.toggle("first", message.dataset.day !== day)
        day = message.dataset.day
        shown++
      }
      phone.hidden = shown === 0
      phone.querySelector(".count").textContent = shown
    }
    element("nothing").hidden = phones.size === 0 || [...phones.values()].some((phone) => !phone.hidden)
  }

  const toEnd = (talks) => {
    for (const talk of talks) talk.scrollTop = talk.scrollHeight
  }

  /** Newest first, as the server sends them. */
  const take = (items, isNew) => {
    const talks = new Set([...items].toReversed().map((item) => place(item, isNew)).filter((talk) => talk !== undefined))
    forget()
    show()
    toEnd(talks)
  }

  filter.addEventListener("input", () => {
    show()
    toEnd(grid.querySelectorAll(".talk"))
  })

  // ---- coming in

  /** While paused: what waits, newest first. */
  let waiting
  let connected = false

  const tell = () => {
    const count = waiting?.length ?? 0
    state.dataset.state = connected ? (waiting === undefined ? "live" : "paused") : "lost"
    state.textContent = connected ? (waiting === undefined ? "실시간" : "멈춤") : "다시 연결하는 중"
    pause.textContent = waiting === undefined ? "일시정지" : count === 0 ? "계속 보기" : `계속 보기 (새 메시지 ${count})`
    pause.setAttribute("aria-pressed", String(waiting !== undefined))
  }

  pause.addEventListener("click", () => {
    const waited = waiting
    waiting = waited === undefined ? [] : undefined
    if (waited !== undefined) take(waited, true)
    tell()
  })

  const parse = (html) => {
    const template = document.createElement("template")
    template.innerHTML = html
    return template.content.firstElementChild
  }

  const arrive = (items) => {
    if (waiting === undefined) {
      take(items, true)
      return
    }
    const there = new Set(waiting.map(({ dataset }) => dataset.id))
    waiting = [...items.filter(({ dataset: { id } }) => !messages.has(id) && !there.has(id)), ...waiting]
  }

  const listen = () => {
    const source = new EventSource(`${location.pathname.replace(/\/$/, "")}/events${location.search}`)
    let timer
    const lose = () => {
      clearTimeout(timer)
      source.close()
      connected = false
      tell()
      setTimeout(listen, again)
    }
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(lose, silence)
    }
    const hear = () => {
      wait()
      connected = true
      tell()
    }
    source.addEventListener("error", lose)
    source.addEventListener("heartbeat", hear)
    source.addEventListener("messages", ({ data }) => {
      arrive(JSON.parse(data).map(parse))
      hear()
    })
    wait()
  }

  document.documentElement.classList.add("live")
  element("tools").hidden = false
  take([...element("messages").children], false)
  listen()
}
