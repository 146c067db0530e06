role "quoted" {
  name = "a\"b'c`d\\e; DROP DATABASE x"
}

role "line_break" {
  name = "a\nb"
}

database "emoji" {
  name = "reporting_🚀"
}

database "long" {
  name = join("", [for i in range(30) : "0123456789"])
}

role "nothing" {
  name = ""
}
