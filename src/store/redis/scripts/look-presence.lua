-- Tells where users are connected, when they were last seen and whom of some they have blocked, and leases a server that it will be told of
-- changes:
-- src/store/decisions/presence.ts.
--
-- KEYS  per user: account, watchers, observers, talk (block.lua)
-- ARGV  observersMax, the lease in ms, then per user: instance ('' nobody is to be told), address, ids of some users with a space between two
-- Gives per user: {watchers as JSON or nil, last seen or nil, those of the ids that are blocked}
--
-- observers is JSON, [[instance, address, until (ms)]], and expires with the last lease.

local call, format, match = redis.call, string.format, string.match
local observersMax, leaseMs = tonumber(ARGV[1]), tonumber(ARGV[2])
-- include time.lua

local function lease(observers, instance, address)
  local kept = {}
  for _, known in ipairs(cjson.decode(call('GET', observers) or '[]')) do
    if known[1] ~= instance and tonumber(known[3]) > nowMs then kept[#kept + 1] = known end
  end
  if #kept < observersMax then kept[#kept + 1] = { instance, address, format('%d', nowMs + leaseMs) } end
  call('SET', observers, cjson.encode(kept), 'PX', leaseMs)
end

local function blockedOf(talk, ids)
  local peers, blocked = {}, {}
  for id in string.gmatch(ids, '%d+') do peers[#peers + 1] = id end
  if #peers == 0 then return blocked end
  for index, record in ipairs(call('HMGET', talk, unpack(peers))) do
    if record and match(record, '^[23]:') then blocked[#blocked + 1] = peers[index] end
  end
  return blocked
end

local replies = {}
for user = 1, #KEYS / 4 do
  local key, argument = user * 4 - 3, user * 3
  local facts = call('HMGET', KEYS[key], 'name', 'last-seen')
  if ARGV[argument] ~= '' and facts[1] then lease(KEYS[key + 2], ARGV[argument], ARGV[argument + 1]) end
  replies[user] = { call('GET', KEYS[key + 1]), facts[2], blockedOf(KEYS[key + 3], ARGV[argument + 2]) }
end
return replies
