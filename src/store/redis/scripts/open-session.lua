-- Records connections of devices: src/store/decisions/session.ts.
--
-- KEYS  per report: devices, watchers, head, account, talk
-- ARGV  devicesMax, the device of Java peers, then per report: device, connection number, instance, address, session id,
--       ephemeral ('1' or '0'), generation that the account has to be of ('0' any)
-- Gives per report: {'opened', number, cursor, head, the replaced session as JSON or nil}, {'revoked'}, {'stale'}, {'ended'}
--       or {'too-many-devices'}
--
-- The hash of devices:
--   +<device>     "number:cursor:closed:ephemeral": the newest connection known, what the device has acknowledged, when it closed in
--                 microseconds (0: it is open), '1' or '0'
--   java-address  the server that the last /login gave
--   java-last     "instance session openedMs" of the newest connection of a Java peer: they bring no numbers of their own

local call, match, format = redis.call, string.match, string.format
local devicesMax, javaDevice = tonumber(ARGV[1]), ARGV[2]
-- include time.lua
-- include seen.lua

-- Makes room for one more device: the one that closed longest ago is forgotten, but not that of Java peers: its numbers would start
-- anew. False if all are open. Ephemeral ones are counted apart.
local function makeRoom(devices, ephemeral)
  local known = call('HGETALL', devices)
  local count, oldest, oldestClosed = 0
  for field = 1, #known, 2 do
    local closed, kind = match(known[field + 1], '^%d+:%d+:(%d+):(%d)$')
    if known[field]:sub(1, 1) == '+' and kind == ephemeral then
      count = count + 1
      closed = tonumber(closed)
      if closed > 0 and known[field] ~= '+' .. javaDevice and (not oldest or closed < oldestClosed) then oldest, oldestClosed = known[field], closed end
    end
  end
  if count < devicesMax then return true end
  if not oldest then return false end
  call('HDEL', devices, oldest)
  return true
end

local function open(devices, watchers, headKey, account, talk, session, ephemeral)
  local device, instance, address, sessionId = session[1], session[3], session[4], session[5]
  local record = call('HGET', devices, '+' .. device)
  local number, cursor = 0, nil
  if record then
    number, cursor, ephemeral = match(record, '^(%d+):(%d+):%d+:(%d)$')
    number, cursor = tonumber(number), tonumber(cursor)
  end
  local open = call('GET', watchers)
  -- The user was deleted (delete-account.lua).
  if open == '[]' then return { 'revoked' } end
  local sessions = cjson.decode(open or '[]')
  local place = #sessions + 1
  for index, other in ipairs(sessions) do
    if other[1] == device then place = index end
  end
  local replaced = sessions[place]
  local head = tonumber(call('GET', headKey) or 0)
  local again = replaced and replaced[3] == instance and replaced[5] == sessionId

  if device == javaDevice then
    local given = call('HGET', devices, 'java-address')
    if given and given ~= address and not again then return { 'stale' } end
    local lastInstance, lastSession = match(call('HGET', devices, 'java-last') or '', '^(%S+) (%d+)')
    if lastInstance == instance and tonumber(sessionId) <= tonumber(lastSession) and not again then return { 'stale' } end
    session[2] = format('%d', again and number or number + 1)
  else
    if tonumber(session[2]) < number then return { 'stale' } end
    if tonumber(session[2]) == number and not again then return { replaced and 'stale' or 'ended' } end
    again = again and tonumber(session[2]) == number
  end
  if again then return { 'opened', session[2], math.min(cursor, head), head } end

  if not record then
    if not makeRoom(devices, ephemeral) then return { 'too-many-devices' } end
    -- Where a new one starts: what any other has acknowledged (append.lua).
    cursor = tonumber(call('HGET', talk, 'shown') or 0)
  end
  cursor = math.min(cursor, head)
  sessions[place] = session
  call('SET', watchers, cjson.encode(sessions))
  call('HSET', devices, '+' .. device, format('%s:%d:0:%s', session[2], cursor, ephemeral))
  if device == javaDevice then
    call('HSET', devices, 'java-last', format('%s %s %d', instance, sessionId, nowMs))
  end
  seen(account)
  return { 'opened', session[2], cursor, head, replaced and cjson.encode(replaced) }
end

local replies = {}
for report = 1, #KEYS / 5 do
  local key, argument = report * 5 - 4, report * 7 - 4
  local generation = ARGV[argument + 6]
  if generation ~= '0' and call('HGET', KEYS[key + 3], 'generation') ~= generation then
    replies[report] = { 'revoked' }
  else
    local session = { unpack(ARGV, argument, argument + 4) }
    replies[report] = open(KEYS[key], KEYS[key + 1], KEYS[key + 2], KEYS[key + 3], KEYS[key + 4], session, ARGV[argument + 5])
  end
end
return replies
