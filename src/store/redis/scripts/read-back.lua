-- Reads the messages of a timeline before a number.
--
-- KEYS  log, head, talk
-- ARGV  before      the number before which to begin (0: from the newest)
--       limit       messages
--       messagesMax what lies further back than this counts as gone, though a trim may have left it
--       bytesMax    of messages together; one alone may be larger
--       isUser      '1': but what the user has still to read is kept, also further back (append.lua)
--       isConfirmed '1': something is written, so that WAIT looks at what is read
-- Gives {id, bodies, id, bodies, …} newest first, in entries that are cut to what was asked for.

local call, match, format = redis.call, string.match, string.format
local before, limit, messagesMax, bytesMax = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local log = KEYS[1]
-- Entries fetched at once: each may be a whole run, and is copied before it can be cut.
local chunkMax = 8

local function numberOf(entry)
  return tonumber(match(entry[1], '^%d+'))
end

-- include bodies.lua

-- Where each body begins, its length included, and where one more would.
local function placesIn(value)
  local places = { 1 }
  while places[#places] <= #value do places[#places + 1] = placeAfter(value, 1, places[#places]) end
  return places
end

local head = tonumber(call('GET', KEYS[2]) or 0)
if ARGV[6] == '1' and head > 0 then call('SET', KEYS[2], format('%d', head)) end
local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if not oldest then return {} end
local floor = head - messagesMax
if ARGV[5] == '1' then floor = math.min(floor, tonumber(call('HGET', KEYS[3], 'shown') or 0)) end
local from = math.max(numberOf(oldest) - bodiesIn(oldest[2][2]) + 1, floor + 1)
local to = before == 0 and head or math.min(before - 1, head)

local replies, bytes, left = {}, 0, limit

-- Takes the newest bodies of an entry that are wanted and fit; false if there is room for no more.
local function take(entry)
  local value = entry[2][2]
  local places = placesIn(value)
  local offset = numberOf(entry) - (#places - 1)
  -- Where own copies were there may be no entry with the number `to`.
  to = math.min(to, numberOf(entry))
  local newest = to - offset
  local at = newest
  while at >= 1 and offset + at >= from and left > 0 do
    local size = places[at + 1] - places[at]
    if bytes > 0 and bytes + size > bytesMax then break end
    bytes, left = bytes + size, left - 1
    at = at - 1
  end
  if at < newest then
    replies[#replies + 1] = format('%d', to)
    replies[#replies + 1] = string.sub(value, places[at + 1], places[newest + 1] - 1)
    to = offset + at
  end
  return at <= 0 and to >= from and left > 0
end

-- An entry has the number of its last message, so `to` is in the first entry at or after it; the others that are wanted end before.
if from > to then return {} end
local newest = call('XRANGE', log, to, '+', 'COUNT', 1)[1]
if not newest or not take(newest) then return replies end
while true do
  local chunk = call('XREVRANGE', log, to, from, 'COUNT', chunkMax)
  for _, entry in ipairs(chunk) do
    if not take(entry) then return replies end
  end
  if #chunk < chunkMax then return replies end
end
