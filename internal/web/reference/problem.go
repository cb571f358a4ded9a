package reference

// Problem is a kind of problem: the anchor that a problem's type names, and what to do about it.
type Problem struct {
	ID    string // the status, or what is wanted
	Title string
	When  string
	Do    string
}

// Problems lists every kind of problem that an answer can name.
func Problems() []Problem {
	return []Problem{
		{"400", "Bad Request", "The request could not be read: its JSON is broken, something follows it, its query is not encoded, or a body came where none is taken.", "Mend the request. The detail says beyond which byte it is broken."},
		{"401", "Unauthorized", "No credential came with the request, or one that is unknown, over or ended.", "Send Authorization: Bearer with an API key or an access token. Make a key in the settings."},
		{"403", "Forbidden", "The member's role, or the key's scopes, do not allow it. A change by cookie without the session's form token is refused, too.", "The reference names the role and the scope of each operation. An owner or admin can give more."},
		{"confirmation", "Forbidden: a confirmation is wanted", "The act wants the person's presence, and a factor was shown too long ago.", "Do it in a browser, and confirm there. Keys and tokens never can."},
		{"factor", "Forbidden: a second factor is wanted", "The workspace asks its members for a second factor, and the session has shown one only.", "Add a second factor to the account, and sign in with it."},
		{"passkey", "Forbidden: a passkey is wanted", "The workspace asks its members for a factor that cannot be phished.", "Add a passkey to the account, and sign in with it."},
		{"sign-in", "Forbidden: a new sign-in is wanted", "The session is older, or was idle for longer, than the workspace allows.", "Sign in again."},
		{"404", "Not Found", "There is nothing at this address, it belongs to another workspace, or it is not shared with you. All three look the same.", "Check the id. Whoever made the object can share it."},
		{"405", "Method Not Allowed", "The address is there, and does not do that.", "The header Allow names what it does."},
		{"409", "Conflict", "The object is in another state than the act needs, or a request with the same Idempotency-Key is being done.", "Read the object again and decide anew, or ask again in a moment."},
		{"410", "Gone", "What was asked for was there and is over or destroyed: an upload that rested too long, a recording that was erased.", "Begin it again. What was destroyed cannot be brought back."},
		{"412", "Precondition Failed", "The object changed after you read it, so that its tag is another one.", "Read it again, look at what changed, and send the new ETag in If-Match."},
		{"413", "Content Too Large", "The request is larger than the operation takes.", "Send less. Recordings go in as an upload, in as many requests as you like."},
		{"414", "URI Too Long", "The address is longer than 8,192 bytes.", "Shorten it."},
		{"415", "Unsupported Media Type", "The body is of another media type, charset or coding than the operation takes.", "Send application/json in UTF-8, not compressed, or what the reference names."},
		{"416", "Range Not Satisfiable", "The recording has no such range of bytes.", "Content-Range says how long it is."},
		{"422", "Unprocessable Content", "Parts of the request break a rule: a field that is not known, stands twice or is written in another case, a value of the wrong kind, a forged cursor.", "errors names each part, by a JSON pointer into the body or by the parameter, and says what it must be."},
		{"428", "Precondition Required", "The operation wants to know which version you read.", "Send the ETag of what you read in If-Match."},
		{"429", "Too Many Requests", "Your address, your account or your workspace asked too often.", "Wait as many seconds as Retry-After says. RateLimit and RateLimit-Policy say how much is left before it happens."},
		{"460", "Checksum Mismatch", "The bytes of an upload do not match their Upload-Checksum.", "Send them again."},
		{"500", "Internal Server Error", "Something went wrong on our side. Nothing was lost.", "Try again. If it happens twice, give the instance to your administrator."},
		{"503", "Service Unavailable", "What this needs does not answer now, or is busy.", "Try again after as many seconds as Retry-After says."},
	}
}
