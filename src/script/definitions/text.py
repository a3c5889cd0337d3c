# Definitions of operators, see ../define.c: methods of strings.

def partition(self, separator):
  i = torch.find(self, separator)
  return (self, "", "") if i < 0 else (self[:i], separator, self[i + len(separator):])
def rpartition(self, separator):
  i = torch.rfind(self, separator)
  return ("", "", self) if i < 0 else (self[:i], separator, self[i + len(separator):])
