package web

// SignInPage asks for e-mail and password.
type SignInPage struct {
	Shell
	Next     string // a path of ours, already checked
	Notice   string // "You signed out."
	Problem  string // the same sentence for a wrong address and a wrong password
	Email    Field
	Password Field
}

func (SignInPage) page() string { return "signin" }
