migrations "sections" {}
