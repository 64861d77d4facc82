-- What scripts of retained values have in common. A record is "<number> <expires (ms)> <counted> <owner>\n" and the body; counts are
-- `values <owner>`, `bytes <owner>`, the same with no owner for all, and `number`, the last one.
local call = redis.call
local values, order, counts, expiry = unpack(KEYS)

-- Whose the value of a topic is, and what it counts; nil: there is none.
local function standingOf(topic)
  local record = call('HGET', values, topic)
  if not record then return nil end
  local counted, owner = string.match(record, '^%d+ %d+ (%d+) (%S+)\n')
  return owner, tonumber(counted)
end

local function countRetained(owner, more, bytes)
  for _, whose in ipairs({ owner, '' }) do
    call('HINCRBY', counts, 'bytes ' .. whose, bytes)
    if call('HINCRBY', counts, 'values ' .. whose, more) == 0 then call('HDEL', counts, 'values ' .. whose, 'bytes ' .. whose) end
  end
end

local function takeRetained(topic)
  local owner, counted = standingOf(topic)
  if not owner then return false end
  call('HDEL', values, topic)
  call('ZREM', order, topic)
  call('ZREM', expiry, topic)
  countRetained(owner, -1, -counted)
  return true
end

-- Above the last one, and not below the time, which no failover sets back.
local function nextNumber()
  local number = math.max(tonumber(call('HGET', counts, 'number') or 0) + 1, nowMs * 1000)
  call('HSET', counts, 'number', string.format('%.0f', number))
  return number
end
