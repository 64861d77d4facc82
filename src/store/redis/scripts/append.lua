-- Appends runs of messages to timelines, exactly once each: src/store/decisions/append.ts and the files that it names.
--
-- KEYS  per timeline: log, head, watchers, talk, then per run: its source and, if it is for members only, the members of the
--       group
-- ARGV  messagesMax, ageMs, sourceMs, '1' if what was taken before is written again: WAIT looks at writes only (else '0')
--       placeBytes, strangersMax, strangerMax, contactMax (src/store/decisions/mailbox.ts), shareMs, contactsMax,
--       listedMax (src/store/decisions/conversation.ts)
--       per timeline: number of runs, then per run:
--         header "<sendSeq>:<messages>:<1 if restart, plus 2 if silent><kind><peer>:<rest>" (one argument: each costs the client half a microsecond)
--                kind 'f' to a user from another, 'o' the own copy of who sends it, 'g' to a group, 'm' to a group for members only
--                peer the sender; of an own copy the receiver, or nothing: then the receiver is the sender; behind the sender in a
--                group "k<epoch>" if the messages are sealed under its key
--                rest of an own copy that is a skip: the refusal of what it is a copy of, as one letter; to a group: places of one account's share, nothing if it is not counted
--         entry  the bodies, each preceded by its length as a varint (src/codec/run.ts); empty: a skip, which takes its numbers all
--                the same
-- Gives per timeline: watchers or nil ('[]' of a user who was deleted, delete-account.lua), then per run two numbers if it was taken, else a table:
--         duplicates, seq    taken: bodies that had been taken before; number of the first stored now (minus that if room is short),
--                            else of the last, else 0
--         -1, expected       out of order
--         -2, {letter, duplicates, stored, refused, seq} refused in part or as a whole: the letters are 'n' not a member, 'f' mailbox
--                            full, 'g' group share, 'c' the group is encrypted and they are not, 'e' the other way round; 'b' busy, 's' the
--                            group has another key by now, 'h' hidden: the sender is blocked; 'x' the user was deleted
--
-- A source keeps "last:seq:refreshed": the last number taken from it, the timeline number which that got (0: none, a skip), and when
-- the times to live of the source and of the log were last set. They are set a sixteenth longer than asked and then left alone for
-- that long, which saves most appends two calls. A source of which something was refused has ":" and then ranges of numbers after
-- that, "<letter><from>-<to>" each: a repeat hears the same again (src/store/decisions/source.ts).
--
-- An entry of a user's log has the id "<number>-<mark>": the places of others up to it, times two, plus one if it is an own copy. So
-- how much is unread is known by two ends. Behind the bodies of what others have sent it has the total of its conversation, with it: in
-- the field `t`, or `s` if it is silent. Besides the records of peers (block.lua) the hash talk keeps:
--   shown      the newest number that a device of the user has acknowledged (acknowledge.lua)
--   beyond     how many more places others have taken than there are numbers: less than none where there are own copies
--   heavy      "sum:older:newer": generations of messages of more than one place (src/store/decisions/retention.ts)
--   sieved     own copies up to this number are gone
--   <<peer>    "total:at:seq": messages of the peer that are not silent, ever; when the newest was stored, and its number
--   ><peer>    "at:seq": the same of the own copies of what was written to the peer, who is nobody in what one writes to oneself
--   said       of a group: "total:at:seq", as of a peer
--   epoch      of an encrypted group: that of its key (parts/group-keys.lua)
--   contacts   how many peers have a record; and listed: how many others have one of these, or more
--   strangers  "count:last": places of all peers without a record; of each is counted in the hash counts
-- The hash counts, of which the key differs from that of talk only in its kind, is seldom needed: a key costs half a microsecond. That
-- of a group has the places of each account since it was begun, shareMs ago at most.

-- include append-seldom.lua

local made
local function seldom()
  made = made or defineSeldom()
  return made
end

-- Numbers go to Redis as the text that they came as, where they can, and `+ 0` makes one of a text: turning one into text costs as
-- much as the call itself, and tonumber twice as much as an addition.
local call, format, match, keys, args = redis.call, string.format, string.match, KEYS, ARGV
local messagesMax, ageMs, sourceMs, placeBytes = args[1] + 0, args[2] + 0, args[3] + 0, args[5] + 0
local half = math.floor(messagesMax / 2)
local slackMs = math.floor(math.min(ageMs, sourceMs) / 16)
local sourceLifeMs, logLifeMs = format('%d', sourceMs + slackMs), format('%d', ageMs + slackMs)
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Messages between two trims: a trim drops whole nodes of up to a hundred entries, so trying each time is in vain.
local trimEvery = 64
-- Of runs to users that were not taken as a whole, by source and numbers: how many messages from the first are taken and how many
-- behind them refused, and why: the same of their own copies.
local withheld

local nowText = format('%d', now)
local replies, replied, key, argument = {}, 0, 1, 12
while keys[key] do
  local log, headKey, talk = keys[key], keys[key + 1], keys[key + 3]
  local watchers = call('GET', keys[key + 2])
  -- In one piece: a table that grows is made anew.
  local reply = { watchers, 0, 0 }
  local runs = args[argument] + 0
  key = key + 4
  for place = 2, runs * 2, 2 do
    local source = keys[key]
    key = key + 1
    local header, entry = args[argument + place - 1], args[argument + place]
    local runFirst, count, restart, kind, peer = match(header, '^(%d+):(%d+):(%d)(%l)(%d*)')
    local known = call('GET', source)
    -- What was taken back a moment ago is there for a millisecond.
    if known == '0:0:0' then known = false end
    local last, refreshed, refused = '0', '0', ''
    if known then last, refreshed, refused = match(known, '^(%d+):%d+:(%d+):?(.*)$') end
    local next, sendSeq = last + 1, runFirst + 0
    local fresh, runLast, runLastNumber = 1, runFirst, sendSeq
    if count ~= '1' then
      fresh = count + 0
      runLastNumber = sendSeq + fresh - 1
      runLast = format('%d', runLastNumber)
    end
    local members
    if kind == 'm' then
      members = keys[key]
      key = key + 1
    end
    local letter, from, to
    if refused ~= '' then letter, from, to = seldom().refusedOf(refused, sendSeq, runLastNumber) end
    -- Of a run to a user that is not taken as a whole.
    local limit

    if watchers == '[]' then
      reply[place], reply[place + 1] = -2, { 'x', 0, 0, 0, 0 }
      limit = { 0, 0, 'b' }
    elseif members and not known and call('EXISTS', members) == 0 then
      -- There is no such group: nothing is kept, not even a number.
      reply[place], reply[place + 1] = -2, { 'n', 0, 0, fresh, 0 }
    -- src/store/decisions/source.ts
    elseif sendSeq < 1 or (sendSeq > next and restart % 2 == 0) then
      reply[place], reply[place + 1] = -1, next
      limit = { 0, 0, 'b' }
    elseif letter then
      from = math.max(from, sendSeq)
      if to == next - 1 and runLastNumber >= next then
        to = runLastNumber
        call('SET', source, runLast .. ':0:0:' .. seldom().withRefused(refused, letter, from, to), 'PX', sourceLifeMs)
      else
        to = math.min(to, runLastNumber)
        seldom().unchanged(source, known)
      end
      reply[place], reply[place + 1] = -2, { letter, from - sendSeq, 0, to - from + 1, 0 }
      limit = { from - sendSeq, to - from + 1, letter }
    elseif runLastNumber < next then
      seldom().unchanged(source, known)
      reply[place], reply[place + 1] = fresh, runLast == last and tonumber(match(known, '^%d+:(%d+)')) or 0
    elseif entry == '' then
      local refusal = match(header, ':(%l)$')
      if refusal then refused = seldom().withRefused(refused, refusal, math.max(next, sendSeq), runLastNumber) end
      call('SET', source, runLast .. ':0:0:' .. refused, 'PX', sourceLifeMs)
      reply[place], reply[place + 1] = 0, 0
    else
      local duplicates, freshText = 0, count
      if sendSeq < next then
        duplicates = next - sendSeq
        entry = string.sub(entry, seldom().placeAfter(entry, duplicates))
        fresh = fresh - duplicates
        freshText = format('%d', fresh)
      end
      local each = 1
      if #entry > placeBytes * fresh then each = math.ceil(#entry / (placeBytes * fresh)) end

      -- Of the fresh messages so many are answered as stored, and so many are; why not all of them; what goes before the id's mark.
      local stored, kept, why, isShort, head, mark = fresh, fresh, nil, false, nil, 0
      local refusedTo = runLastNumber
      -- What is listed of the conversation: its field, and what that was.
      local listed, before, isStranger
      if kind == 'f' then
        listed = '<' .. peer
        local facts = call('HMGET', talk, 'shown', 'beyond', 'heavy', peer, listed)
        before = facts[5]
        local shown, beyond, heavy, record = (facts[1] or 0) + 0, (facts[2] or 0) + 0, facts[3], facts[4]
        -- What was taken back is left as '0:0:0'.
        isStranger = (not before or before == '0:0:0') and (not record or record == '0:0:0')
        head = add(freshText, headKey)
        local unreadMax = head - shown + fresh * (each - 1)
        if heavy then
          local sum, newer = match(heavy, '^(%d+):%d+:(%d+)$')
          unreadMax = newer + 0 > shown and math.huge or unreadMax + sum
        end
        if unreadMax > half or (record and string.byte(record) > 49) then
          stored, why, isShort = seldom().admit(log, talk, peer, record, shown, beyond, head, fresh, each, watchers)
          kept = why == 'h' and 0 or stored
          if kept < fresh then head = add(format('%d', kept - fresh), headKey) end
          if stored < fresh then limit = { duplicates + stored, fresh - stored, why == 'h' and 'f' or why } end
        end
        if each > 1 and kept > 0 then beyond = add(format('%d', kept * (each - 1)), talk, 'beyond') end
        mark = 2 * (head + beyond)
      elseif kind == 'o' then
        local copied = withheld and withheld[match(source, '}:(.*)$') .. ' ' .. runFirst .. ':' .. count]
        if copied then
          stored, why = math.min(fresh, math.max(0, copied[1] - duplicates)), copied[3]
          kept, refusedTo = stored, sendSeq + copied[1] + copied[2] - 1
          freshText = format('%d', kept)
        end
        if not known and peer ~= '' then
          -- No stranger from now on.
          local record = call('HGET', talk, peer) or '0:0:0'
          local flags, rest = match(record, '^(%d)(.*)$')
          if flags == '0' then
            if (call('HGET', talk, 'contacts') or 0) + 0 < args[10] + 0 then
              add(1, talk, 'contacts')
              put(talk, peer, '1' .. rest, record)
            end
          elseif flags % 2 == 0 then
            call('HSET', talk, peer, format('%d%s', flags + 1, rest))
          end
        end
        if kept > 0 then
          head = add(freshText, headKey)
          mark = 2 * (head + add('-' .. freshText, talk, 'beyond')) + 1
        end
      else
        if members and call('HEXISTS', members, peer) == 0 then
          stored, why = 0, 'n'
        else
          -- Nothing: it is not counted.
          local shareMax = tonumber(match(header, ':(%d+)$') or 0)
          local percent
          if members then
            local facts = call('HMGET', talk, 'share', 'said', 'epoch')
            listed, before, percent = 'said', facts[2], match(header, ':%d+$') and facts[1]
            local sealedIn = match(header, 'k(%d+)')
            if (facts[3] or nil) ~= sealedIn then
              stored, why = 0, (not sealedIn and 'c') or (facts[3] and 's') or 'e'
            end
          end
          if percent then shareMax = percent == '100' and 0 or math.max(1, math.floor(messagesMax * percent / 100)) end
          if shareMax > 0 and not why then
            stored = seldom().share(seldom().countsOf(talk), peer, fresh, each, shareMax)
          end
          if stored < fresh then why = why or 'g' end
        end
        kept = stored
        if kept > 0 then head = add(format('%d', kept), headKey) end
      end

      local refusedCount, takenTo = 0, runLast
      if why and stored < fresh then
        local storedTo = sendSeq + duplicates + stored - 1
        takenTo = format('%d', storedTo)
        if why ~= 'b' and why ~= 's' and refusedTo > storedTo then
          refusedCount, takenTo = refusedTo - storedTo, format('%d', refusedTo)
          refused = seldom().withRefused(refused, why == 'h' and 'f' or why, storedTo + 1, refusedTo)
        end
      end
      if refused ~= '' then refused = ':' .. refused end
      if kept > 0 then
        if kept < fresh then entry = string.sub(entry, 1, seldom().placeAfter(entry, kept) - 1) end
        if each > 1 then seldom().addHeavy(talk, head, kept * (each - 1)) end
        if head % trimEvery < kept then seldom().trim(log, talk, head, kind == 'f' or kind == 'o') end
        local number, isThere = format('%d', head), 1
        local total
        if listed then
          total = before and match(before, '^%d+') or '0'
          if restart < '2' then
            total = format('%d', total + kept)
            put(talk, listed, total .. ':' .. nowText .. ':' .. number, before or '0:0:0')
            if isStranger then seldom().list(talk) end
            -- Who writes has read what was said before.
            if members then call('HSET', talk, '=' .. peer, number) end
          end
        elseif kind == 'o' and restart < '2' then
          listed = '>' .. peer
          if call('HSET', talk, listed, nowText .. ':' .. number) == 1 and peer ~= '' and call('HEXISTS', talk, peer) == 0 then seldom().list(talk) end
        end
        local seq = refusedCount > 0 and '0' or number
        local age = now - refreshed
        if age > slackMs or age < 0 then
          call('SET', source, takenTo .. ':' .. seq .. ':' .. nowText .. refused, 'PX', sourceLifeMs)
          note('SET', source, false, known)
          isThere = call('PEXPIRE', log, logLifeMs)
        else
          call('SET', source, takenTo .. ':' .. seq .. ':' .. refreshed .. refused, 'KEEPTTL')
          note('SET', source, false, known)
        end
        -- The last that may be refused.
        local id, added = number .. '-' .. (mark == 0 and '0' or format('%d', mark)), nil
        if total then
          added = redis.pcall('XADD', log, id, 'b', entry, restart < '2' and 't' or 's', total)
        else
          added = redis.pcall('XADD', log, id, 'b', entry)
        end
        if added.err then
          head = seldom().addBehind(added, log, headKey, head, kept, mark, entry, total, restart >= '2')
          if listed and restart < '2' then
            call('HSET', talk, listed, (total and total .. ':' or '') .. nowText .. ':' .. format('%d', head))
          end
          if refusedCount == 0 then
            call('SET', source, takenTo .. ':' .. format('%d', head) .. match(call('GET', source), '^%d+:%d+(.*)$'), 'KEEPTTL')
          end
        end
        if isThere == 0 then call('PEXPIRE', log, logLifeMs) end
      elseif why == 'h' or refusedCount > 0 then
        call('SET', source, takenTo .. ':0:0' .. refused, 'PX', sourceLifeMs)
      elseif known then
        seldom().unchanged(source, known)
      end
      if why then
        reply[place], reply[place + 1] = -2, { why, duplicates, stored, refusedCount, kept > 0 and head - kept + 1 or 0 }
      else
        local seq = head - kept + 1
        reply[place], reply[place + 1] = duplicates, isShort and -seq or seq
      end
    end
    noted = 0
    if limit and kind == 'f' then
      withheld = withheld or {}
      withheld[match(source, '}:(.*)$') .. ' ' .. runFirst .. ':' .. count] = limit
    end
  end
  replied = replied + 1
  replies[replied] = reply
  argument = argument + 1 + runs * 2
end
return replies
