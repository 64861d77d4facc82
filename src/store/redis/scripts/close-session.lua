-- Ends connections, each only if it is the one that is open: src/store/decisions/session.ts.
--
-- KEYS  per report: devices, watchers, account
-- ARGV  per report: device, connection number ('' any), opened before (ms; '' any; of a Java peer)
-- Gives per report: the ended session as JSON, or nil.
--
-- The hash of devices is described in open-session.lua.

local call, match, format = redis.call, string.match, string.format
-- include time.lua
-- include seen.lua

local function forgetOrMarkClosed(devices, device)
  local record = call('HGET', devices, '+' .. device)
  local number, cursor, ephemeral = match(record or '', '^(%d+):(%d+):%d+:(%d)$')
  if ephemeral == '1' then
    call('HDEL', devices, '+' .. device)
  elseif number then
    call('HSET', devices, '+' .. device, format('%s:%s:%d:0', number, cursor, nowMicros))
  end
end

local function openedTooLate(devices, openedBefore)
  local openedMs = match(call('HGET', devices, 'java-last') or '', '(%d+)$')
  return not openedMs or tonumber(openedMs) >= tonumber(openedBefore)
end

local function close(devices, watchers, account, device, number, openedBefore)
  local ended
  local kept = {}
  for _, session in ipairs(cjson.decode(call('GET', watchers) or '[]')) do
    if session[1] == device and (number == '' or session[2] == number) then
      ended = session
    else
      kept[#kept + 1] = session
    end
  end
  if not ended or (openedBefore ~= '' and openedTooLate(devices, openedBefore)) then return false end
  if #kept > 0 then
    call('SET', watchers, cjson.encode(kept))
  else
    call('DEL', watchers)
  end
  forgetOrMarkClosed(devices, device)
  seen(account)
  return cjson.encode(ended)
end

local replies = {}
for report = 1, #KEYS / 3 do
  local last = report * 3
  replies[report] =
    close(KEYS[last - 2], KEYS[last - 1], KEYS[last], ARGV[last - 2], ARGV[last - 1], ARGV[last])
end
return replies
