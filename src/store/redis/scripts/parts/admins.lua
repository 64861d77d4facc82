-- The admins of a group are its field admins: ids in no order, each between commas; '' if there are none.

local function isAmong(admins, user)
  return string.find(admins, ',' .. user .. ',', 1, true) ~= nil
end

local function without(admins, user)
  local others = string.gsub(admins, ',' .. user .. ',', ',', 1)
  return others == ',' and '' or others
end

local function countOf(admins)
  local _, count = string.gsub(admins, '%d+', '')
  return count
end
