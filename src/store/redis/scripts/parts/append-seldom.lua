-- What most appends do without. A script makes its functions in each call, and what it makes is garbage afterwards: so these are made
-- when the first is needed, and share nothing with append.lua but what take-back.lua has.
local function defineSeldom()
  local call, format, match, gmatch = redis.call, string.format, string.match, string.gmatch
  local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
  local messagesMax = tonumber(ARGV[1])
  local placeBytes, strangersMax, strangerMax, contactMax = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local half = floor(messagesMax / 2)
  -- Entries looked at in one trim for own copies, which are spread among what is unread.
  local sievedMax = 256
  -- Ranges of refused numbers that a source keeps.
  local rangesMax = 8

  -- The key of the hash counts beside this hash talk; a prefix has no braces.
  local function countsOf(talk)
    local prefix, tag = match(talk, '^(.-):talk:({.*)$')
    return prefix .. ':counts:' .. tag
  end

  -- include bodies.lua

  -- Takes own copies off the log, from one number to another; what others have sent among them is unread.
  local function sieve(log, talk, from, to)
    local looked = 0
    while from < to and looked < sievedMax do
      local chunk = call('XRANGE', log, format('%d', from + 1), format('%d', to), 'COUNT', 32)
      for _, entry in ipairs(chunk) do
        local number, mark = match(entry[1], '^(%d+)%-(%d+)$')
        if mark % 2 == 1 then call('XDEL', log, entry[1]) end
        from = tonumber(number)
      end
      if #chunk < 32 then from = to end
      looked = looked + 32
    end
    call('HSET', talk, 'sieved', format('%d', from))
  end

  -- Drops what is too much, now and then.
  local function trim(log, talk, head, isUser)
    local facts = call('HMGET', talk, 'heavy', 'shown', 'sieved')
    local older = facts[1] and tonumber(match(facts[1], '^%d+:(%d+)')) or 0
    local own = max(head - messagesMax, older)
    if own <= 0 then return end
    local all = isUser and min(own, tonumber(facts[2] or 0)) or own
    if all > 0 then call('XTRIM', log, 'MINID', '~', format('%d', all + 1)) end
    if all < own then sieve(log, talk, max(all, tonumber(facts[3] or 0)), own) end
  end

  -- Adds an entry to a log that is ahead of its head, as the head was lost: numbers go on behind the log, from now on. Gives the head.
  local function addBehind(failure, log, headKey, head, kept, mark, entry, total, silent)
    local newest = call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    local number = newest and tonumber(match(newest[1], '^%d+')) or 0
    -- It was refused for another reason.
    if number < head then error(failure) end
    local behind = number + kept
    if mark > 0 then mark = mark + 2 * (behind - head) end
    call('SET', headKey, format('%d', behind))
    local id = format('%d-%d', behind, mark)
    if total then
      call('XADD', log, id, 'b', entry, silent and 's' or 't', total)
    else
      call('XADD', log, id, 'b', entry)
    end
    return behind
  end

  -- Counts places beyond one per message.
  local function addHeavy(talk, head, places)
    local before = call('HGET', talk, 'heavy') or '0:0:0'
    local sum, older, newer = match(before, '^(%d+):(%d+):(%d+)$')
    sum = sum + places
    if sum > half then sum, older, newer = 0, newer, format('%d', head) end
    put(talk, 'heavy', format('%d:%s:%s', sum, older, newer), before)
  end

  -- Places of what others have sent above a number, when all of theirs are so many.
  local function unreadAbove(log, shown, places)
    local entry = call('XRANGE', log, format('%d', shown + 1), '+', 'COUNT', 1)[1]
    if not entry then return 0 end
    local number, mark = match(entry[1], '^(%d+)%-(%d+)$')
    local unread = places - floor(mark / 2)
    if mark % 2 == 0 then
      local value = entry[2][2]
      local bodies = bodiesIn(value)
      unread = unread + min(number - shown, bodies) * max(1, ceil(#value / (bodies * placeBytes)))
    end
    return unread
  end

  -- src/store/decisions/mailbox.ts, of a run of count messages that has been given numbers up to head: how many are stored; a letter if
  -- that is not simply all of them; whether room is short.
  local function admit(log, talk, peer, record, shown, beyond, head, count, each, isOnline)
    local before = head - count
    local flags, mine, last = 0, 0, 0
    if record then
      flags, mine, last = match(record, '^(%d):(%d+):(%d+)$')
      flags, mine, last = tonumber(flags), tonumber(mine), tonumber(last)
    end
    local hasWritten = flags % 2 == 1
    if flags >= 2 and isOnline then return count, 'h' end
    local unread = unreadAbove(log, shown, before + beyond)
    if last <= shown then mine = 0 end
    if flags >= 2 then
      local room = half + (hasWritten and contactMax or strangerMax) - unread - mine
      local stored = min(count, max(0, floor(room / each)))
      put(talk, peer, format('%d:%d:%d', flags, mine + stored * each, before + 1), record)
      return stored, 'h'
    end
    local uncounted = min(count, max(0, floor((half - unread + each - 1) / each)))
    if uncounted == count then return count end
    local counts = countsOf(talk)
    local pool, quota, strangers = 0, contactMax - mine, nil
    if not hasWritten then
      strangers = call('HGET', talk, 'strangers') or '0:0'
      local sum, poolLast = match(strangers, '^(%d+):(%d+)$')
      if tonumber(poolLast) > shown then
        pool, mine = tonumber(sum), tonumber(call('HGET', counts, peer) or 0)
      else
        pool, mine = 0, 0
        call('DEL', counts)
      end
      quota = min(strangerMax - mine, strangersMax - pool)
    end
    local room = min(quota, messagesMax - unread - uncounted * each)
    local counted = min(count - uncounted, max(0, floor(room / each)))
    local stored = uncounted + counted
    if counted > 0 then
      local places, newLast = counted * each, before + stored
      if hasWritten then
        put(talk, peer, format('%d:%d:%d', flags, mine + places, newLast), record)
      else
        put(talk, 'strangers', format('%d:%d', pool + places, newLast), strangers)
        put(counts, peer, format('%d', mine + places), format('%d', mine))
        if pool == 0 then call('PEXPIRE', counts, format('%d', ARGV[3] + floor(min(ARGV[2], ARGV[3]) / 16))) end
      end
    end
    if stored == count then return count, nil, true end
    return stored, isOnline and 'b' or 'f', true
  end

  -- One more conversation is listed that the user has done nothing to keep: of too many the oldest are forgotten.
  local function list(talk)
    local listedMax = tonumber(ARGV[11])
    if add(1, talk, 'listed') <= listedMax then return end
    local known = call('HGETALL', talk)
    local kept, newest, peers = {}, {}, {}
    for at = 1, #known, 2 do
      local peer = match(known[at], '^=?(%d+)$')
      if peer and byte(known[at + 1]) > 48 then kept[peer] = true end
    end
    for at = 1, #known, 2 do
      local side, peer = match(known[at], '^([<>])(%d+)$')
      if side and not kept[peer] then
        if not newest[peer] then peers[#peers + 1] = peer end
        newest[peer] = max(newest[peer] or 0, tonumber(match(known[at + 1], '(%d+):%d+$')))
      end
    end
    local left = #peers
    if left > listedMax then
      table.sort(peers, function(one, other) return newest[one] < newest[other] end)
      local gone = left - floor(listedMax * 0.9)
      for place = 1, gone do
        local peer = peers[place]
        call('HDEL', talk, '<' .. peer, '>' .. peer, '=' .. peer)
      end
      left = left - gone
    end
    call('HSET', talk, 'listed', format('%d', left))
  end

  -- src/store/decisions/group-share.ts: how many messages are stored.
  local function share(counts, peer, count, each, shareMax)
    local places = count * each
    local used = add(format('%d', places), counts, peer)
    if used == places then
      if call('HLEN', counts) > messagesMax then
        -- So many have written since that all of what was kept has passed.
        call('DEL', counts)
        call('HINCRBY', counts, peer, format('%d', places))
      end
      if call('PTTL', counts) < 0 then call('PEXPIRE', counts, ARGV[9]) end
    end
    if used <= shareMax then return count end
    local stored = min(count, max(0, floor((shareMax - used + places) / each)))
    add(format('%d', (stored - count) * each), counts, peer)
    return stored
  end

  -- The first range of refused numbers that a run touches: its letter, from, to.
  local function refusedOf(refused, first, last)
    for letter, from, to in gmatch(refused, '(%l)(%d+)%-(%d+)') do
      from, to = tonumber(from), tonumber(to)
      if first <= to and last >= from then return letter, from, to end
    end
  end

  -- The ranges of a source, when the numbers from one to another join them.
  local function withRefused(refused, letter, first, last)
    local before, known, from, to = match(refused, '^(.-)(%l)(%d+)%-(%d+)$')
    if known == letter and first <= to + 1 then return format('%s%s%s-%d', before, letter, from, last) end
    local _, ranges = string.gsub(refused, '%l', '')
    if ranges >= rangesMax then refused = match(refused, '^%l[^%l]+(.*)$') end
    return format('%s%s%d-%d', refused, letter, first, last)
  end

  -- Nothing has changed of a source; but see ARGV[4].
  local function unchanged(source, known)
    if ARGV[4] == '1' then call('SET', source, known, 'KEEPTTL') end
  end

  return {
    placeAfter = placeAfter,
    trim = trim,
    addBehind = addBehind,
    addHeavy = addHeavy,
    admit = admit,
    list = list,
    share = share,
    countsOf = countsOf,
    refusedOf = refusedOf,
    withRefused = withRefused,
    unchanged = unchanged,
  }
end
