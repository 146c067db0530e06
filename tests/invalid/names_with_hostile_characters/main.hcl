# Quotes, backticks, backslashes and semicolons are quoted wherever they go. What cannot be seen, or
# is too long, is refused.
role "quoted" {
  name = "a\"b'c`d\\e; DROP DATABASE x"
}

role "line_break" {
  name = "a\nb"
}

database "emoji" {
  name = "reporting 🚀"
}

database "long" {
  name = join("", [for i in range(30) : "0123456789"])
}

role "nothing" {
  name = ""
}
