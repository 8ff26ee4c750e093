// Ripeline's tracking script. Sends page views to the Ripeline that served it and to nobody else.
//
//   ripeline('consent', true)    the visitor agrees to be known again: a first-party cookie. false takes it back
//   ripeline('event', 'name')    something happened that is worth knowing
//   ripeline('visitor', f)       calls f(id), for a hidden field of a form
//
// Until there is consent nothing is stored and each page view has an id of its own, so that two cannot be told to be
// one person's. Who sends Global Privacy Control or Do Not Track is left alone: nothing is sent, nothing stored.
(function (w, d, n) {
  var tag = d.currentScript, site = tag && tag.dataset.site, queued = w.ripeline && w.ripeline.q || []
  if (!site || w.ripeline && w.ripeline.on) return
  var to = tag.src.replace(/r\.js.*$/, 'e'), forms = tag.src.replace(/i\/r\.js.*$/, 'f/'), name = 'ripeline_visitor', visitor, view, pending, person = '', page, before = d.referrer
  var shy = n.globalPrivacyControl || n.doNotTrack == '1' || w.doNotTrack == '1'

  // Random; or of version 7, which begins with the time.
  function id (seven) {
    var b = crypto.getRandomValues(new Uint8Array(16)), t = Date.now(), i = 6
    if (seven) while (i--) { b[i] = t % 256; t = Math.floor(t / 256) }
    b[6] = b[6] & 15 | (seven ? 112 : 64)
    b[8] = b[8] & 63 | 128
    return Array.from(b, function (x) { return (x + 256).toString(16).slice(1) }).join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  function cookie (value, age) {
    d.cookie = name + '=' + value + ';path=/;max-age=' + age + ';samesite=lax' + (location.protocol == 'https:' ? ';secure' : '') + (tag.dataset.domain ? ';domain=' + tag.dataset.domain : '')
  }
  function known () { return (d.cookie.match('(?:^|; )' + name + '=([0-9a-f-]{36})') || [])[1] }
  function stored (value) {
    try { if (value != null) value == '0' ? localStorage.removeItem('ripeline_staff') : localStorage.setItem('ripeline_staff', value); return !!localStorage.getItem('ripeline_staff') } catch (e) { return false }
  }
  function send (event) {
    if (shy) return
    event.consent = !!known()
    event.sent = Date.now()
    if (event.consent && person) { event.person = person; person = '' }
    var body = JSON.stringify(event)
    if (!n.sendBeacon || !n.sendBeacon(to, body)) fetch(to, { method: 'POST', body: body, keepalive: true, mode: 'no-cors', credentials: 'omit' }).catch(function () {})
  }
  function event (kind, url, more) {
    return Object.assign({ site: site, visitor: visitor, id: id(1), kind: kind, url: url.slice(0, 2000), at: Date.now(), title: d.title.slice(0, 300), staff: stored(), automated: !!n.webdriver }, more)
  }
  function flush () {
    clearTimeout(pending)
    if (pending) { pending = 0; view.title = d.title.slice(0, 300); send(view) }
  }
  // A page is another one when more than its #fragment changed; its title may follow in a moment.
  function look () {
    var here = location.href.split('#')[0]
    if (here == page) return
    flush()
    visitor = known() || id()
    view = event('view', here, { referrer: before.slice(0, 2000) })
    before = page = here
    pending = setTimeout(flush, 50)
  }
  // A form of ours that a link leads to, or that stands in this page, is told who fills it in: once they agreed. What
  // stands here is told by a message, since another address of a frame is one more step for the Back button.
  function lend (link) {
    var to = link.href
    if (!/[?&]visitor=/.test(to)) link.href = to.replace(/(#.*)?$/, (/\?/.test(to) ? '&' : '?') + 'visitor=' + visitor + '$1')
  }
  function frames (word) {
    d.querySelectorAll('iframe').forEach(function (frame) { if (frame.src.indexOf(forms) == 0) frame.contentWindow.postMessage({ ripeline: word }, '*') })
  }
  function lends () { return known() && !shy }
  function arrive () {
    var query = new URLSearchParams(location.search), staff = query.get('ripeline-staff')
    person = query.get('ripeline') || ''
    if (staff) stored(staff)
    if (person || staff) {
      query.delete('ripeline'); query.delete('ripeline-staff')
      history.replaceState(history.state, '', location.pathname + (query.size || '' + query ? '?' + query : '') + location.hash)
    }
    look()
  }
  function act (verb, value) {
    if (verb == 'consent') {
      if (!value) { if (known()) { cookie('', 0); frames('gone') } visitor = id() }
      else if (!shy && !known()) {
        cookie(visitor, 34128000)
        if (!pending && person) send(view)
        if (lends()) frames('here')
      }
    } else if (verb == 'event') send(event('event', page, { name: ('' + value).slice(0, 80) }))
    else if (verb == 'visitor') value(visitor)
  }

  if (shy && known()) cookie('', 0)
  ;['pushState', 'replaceState'].forEach(function (method) {
    var original = history[method]
    history[method] = function () { var done = original.apply(this, arguments); if (page) look(); return done }
  })
  w.addEventListener('popstate', look)
  w.addEventListener('pagehide', flush)
  w.addEventListener('pageshow', function (e) { if (e.persisted) { page = ''; look() } })
  d.addEventListener('click', function (e) {
    var link = e.target.closest && e.target.closest('a[href]')
    if (link && link.href.indexOf(forms) == 0) { if (lends()) lend(link) }
    else if (link && /^http/.test(link.href) && (link.hasAttribute('download') || /\.(pdf|docx?|pptx?|xlsx?|csv|zip|epub|mp[34]|dmg|exe|msi)$/i.test(link.pathname))) send(event('download', link.href))
  }, true)
  w.addEventListener('message', function (e) { // a form asks
    if (e.source && e.data && e.data.ripeline == 'who' && e.origin == new URL(forms).origin) e.source.postMessage(lends() ? { ripeline: 'visitor', visitor: visitor } : { ripeline: 'gone' }, e.origin)
  })
  w.ripeline = function () { act.apply(null, arguments) }
  w.ripeline.on = 1
  function begin () { arrive(); if (lends()) frames('here'); queued.forEach(function (call) { act.apply(null, call) }) }
  d.prerendering ? d.addEventListener('prerenderingchange', begin, { once: true }) : begin()
})(window, document, navigator)
