-- What an encrypted group keeps of its keys: src/store/group-keys.ts. Needs call, match, format, and the keys group and talk.
--
-- The hash talk has the epochs `epoch`, `fresh` and `drawn`, and the group's id `id`; without them the group is not encrypted. All other
-- keys differ from that of talk in their kind, and in what is behind the tag:
--   draws           hash: epoch → "<by>:<draw>:<head>" of each draw that counts
--   draw:<epoch>    hash: member → what is sealed for them with it
--   staged:<user>   hash: the same of a draw that does not count yet, and `of`: "<draw>:<epoch>:<the group's epoch>"; expires
--   given:<user>    hash: "<epoch>:<by>" → what was sealed for this member alone
--   since           zset: members by the epoch with which they joined
--   keyless         zset: the same of those who have no key since
--   changes         stream: "<epoch>:<kind>:<user>:<by>:<at>" of each change of the members in the field c, with the id "<number>-0"; the
--                   group's field `changes` counts them
--   keychanges      the same of its keys
local prefix, tag = match(talk, '^(.-):talk:({.*)$')

local function registerKey(kind, name)
  local key = prefix .. ':' .. kind .. ':' .. tag
  return name and key .. ':' .. name or key
end

-- The epochs: present, fresh, drawn; nil if the group is not encrypted.
local function keyState()
  local state = call('HMGET', talk, 'epoch', 'fresh', 'drawn')
  if state[1] then return tonumber(state[1]), tonumber(state[2]), tonumber(state[3]) end
end

local function noteChange(changesMax, kind, epoch, user, by)
  local list = (kind == 'drawn' or kind == 'given') and 'keychanges' or 'changes'
  local time = call('TIME')
  local at = time[1] * 1000 + math.floor(time[2] / 1000)
  local number = call('HINCRBY', group, list, 1)
  local change = format('%d:%s:%s:%s:%d', epoch, kind, user, by, at)
  call('XADD', registerKey(list), 'MAXLEN', changesMax, format('%d-0', number), 'c', change)
end

-- The epochs of the draws that are kept, in order, and what is known of each.
local function drawsOf()
  local known = call('HGETALL', registerKey('draws'))
  local epochs, facts = {}, {}
  for at = 1, #known, 2 do
    local epoch = tonumber(known[at])
    epochs[#epochs + 1] = epoch
    facts[epoch] = known[at + 1]
  end
  table.sort(epochs)
  return epochs, facts
end

local function forgetSlots(user)
  for _, epoch in ipairs((drawsOf())) do call('HDEL', registerKey('draw', epoch), user) end
  call('DEL', registerKey('given', user))
end

-- Somebody has become a member of an encrypted group, which has this id if it is made with it. Gives the epoch that begins with it.
local function enterKeys(changesMax, user, isFirst, id)
  local epoch = 1
  if isFirst then
    call('HSET', talk, 'epoch', 1, 'fresh', 1, 'drawn', 0, 'id', id)
  else
    epoch = call('HINCRBY', talk, 'epoch', 1)
    call('HINCRBY', group, 'version', 1)
  end
  call('ZADD', registerKey('since'), epoch, user)
  call('ZADD', registerKey('keyless'), epoch, user)
  noteChange(changesMax, isFirst and 'created' or 'joined', epoch, user, user)
  return epoch
end

-- Somebody is no member of a group any more. Gives whether that is encrypted: its version is then to grow.
local function leaveKeys(changesMax, kind, user, by)
  if not keyState() then return false end
  local epoch = call('HINCRBY', talk, 'epoch', 1)
  call('HSET', talk, 'fresh', epoch)
  forgetSlots(user)
  call('DEL', registerKey('staged', user))
  call('ZREM', registerKey('since'), user)
  call('ZREM', registerKey('keyless'), user)
  noteChange(changesMax, kind, epoch, user, by)
  return true
end

-- The group is gone, with its last member.
local function endKeys(user)
  if not keyState() then return end
  for _, epoch in ipairs((drawsOf())) do call('DEL', registerKey('draw', epoch)) end
  call('DEL', registerKey('draws'), registerKey('since'), registerKey('keyless'), registerKey('changes'), registerKey('keychanges'))
  call('DEL', registerKey('given', user), registerKey('staged', user))
end
