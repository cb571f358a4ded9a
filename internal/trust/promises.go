package trust

import (
	"context"

	"mainstay/internal/trust/credential"
)

// Promises returns what is promised, in the order of the numbers.
func Promises() []Promise {
	return []Promise{
		{ID: "P001", Says: "a transcript becomes minutes in which every line cites what was said", check: minutesCite},
		{ID: "P002", Says: "a transcript becomes actions with owner and due date, and an edit stays", check: actionsFound},
		{ID: "P009", Says: "structured data is in PostgreSQL, in the tables that are declared", check: tablesDeclared},
		{ID: "P010", Says: "files are in the object store, unchanged, and not in the database", check: filesOutside},
		{ID: "P016", Says: "the connection to the database is verified TLS or a Unix socket", check: databaseVerified},
		{ID: "P017", Says: "the connection to the object store is TLS", check: storeVerified},
		{ID: "P018", Says: "nothing that was said, named or uploaded is readable at rest", check: nothingReadable, late: true},
		{ID: "P019", Says: "credentials of services are sealed with AES-256-GCM", check: credentialsSealed},
		{ID: "P020", Says: "every seal has a nonce of its own", check: noncesDiffer},
		{ID: "P021", Says: "changed or moved data is refused, and the operator is told", check: tamperingRefused},
		{ID: "P022", Says: "maintained modules do the authentication, as they were published", check: modulesKept},
		{ID: "P023", Says: "passwords are salted and hashed one way, and old hashes are replaced", check: staged(credential.Salted)},
		{ID: "P024", Says: "a password has at least 12 characters and is none of the common ones, whatever a page says", check: staged(credential.Minimum)},
		{ID: "P025", Says: "a password is nowhere in plain text", check: staged(credential.Nowhere), late: true},
		{ID: "P026", Says: "the session's cookie is closed to scripts, to other sites and to plain HTTP", check: cookiesClosed},
		{ID: "P027", Says: "a session ends after 30 days, however much it is used", check: staged(credential.Expiring)},
		{ID: "P028", Says: "a session gets a new token for each day of use, and the old one is dead", check: staged(credential.Rotating)},
		{ID: "P029", Says: "the server holds everybody to their role, by one table", check: rolesDecide},
		{ID: "P030", Says: "every address goes through one gate, and what is not named is refused", check: routesNamed},
		{ID: "P031", Says: "every row belongs to a workspace, and the database enforces it", check: tablesWalled},
		{ID: "P032", Says: "the workspace comes from the session and from nothing that is sent", check: workspaceFromSession},
		{ID: "P033", Says: "nobody reads or writes another workspace", check: workspacesApart},
		{ID: "P034", Says: "SQL takes parameters only", check: inCI("TestSQLIsConstant reads every query of the source; sqlmap is run by docs/runbooks/scanning.md")},
		{ID: "P035", Says: "what people write is escaped", check: contentEscaped},
		{ID: "P036", Says: "no link of what people write runs a script", check: linksHarmless},
		{ID: "P037", Says: "the state of a sign-in elsewhere is signed, bound and works once", check: statesHold},
		{ID: "P039", Says: "secrets come from outside, and a placeholder is refused", check: secretsOutside},
		{ID: "P040", Says: "linters and type checks run on every change", check: inCI(".ci/run: gofmt, vet, staticcheck, ruff, mypy; TestLintersRun wants them there")},
		{ID: "P044", Says: "a language model is called directly, and nobody else", check: modelCalledDirectly},
		{ID: "P049", Says: "a model's TLS certificate is verified", check: modelVerified},
		{ID: "P051", Says: "a model gets what the ledger names, and nothing else", check: modelGetsWhatIsSaid},
		{ID: "P058", Says: "Google and Microsoft sign in whom their organisations vouch for, and nobody else", check: organisationsHold},
		{ID: "P059", Says: "a provider's second factor counts where one is asked for", check: secondFactorsCount},
		{ID: "P060", Says: "every operation of the API wants a credential that holds", check: credentialsChecked},
		{ID: "P107", Says: "passwords are kept as salted hashes and in no other form", check: staged(credential.Salted)},
		{ID: "P108", Says: "an access token lives for 15 minutes at most", check: staged(credential.ShortLived)},
		{ID: "P109", Says: "a refresh token works once and can be revoked", check: staged(credential.Revocable)},
		{ID: "P127", Says: "mail goes over verified TLS alone, and everything else works without it", check: mailVerified},
		{ID: "P130", Says: "people are led to a strong password", check: staged(credential.Strong)},
		{ID: "P131", Says: "a workspace can ask for a second factor, and people set theirs up", check: securityEnabled},
		{ID: "P132", Says: "who leaves is out at the next request, with all that works for them", check: leaversOut},
		{ID: "P133", Says: "a mail about a sign-in has a link that says that it was somebody else", check: suspicionReported},
		{ID: "P148", Says: "credentials of people are argon2id hashes with a salt", check: staged(credential.Declared)},
		{ID: "P149", Says: "keys of programs are stored as SHA-256 hashes", check: staged(credential.KeysHashed)},
		{ID: "P152", Says: "what a workspace asks of passwords and sessions can be raised, and never goes below a floor", check: passwordFloors},
		{ID: "P153", Says: "a code of an authenticator app is taken once, and guesses are stopped", check: codesOfApps},
		{ID: "P154", Says: "a code by text message is taken once, for one sign-in, and guesses are stopped", check: codesByText},
		{ID: "P157", Says: "OAuth 2.0 sign-in with Google and Microsoft", check: organisationsHold},
		{ID: "P159", Says: "a workspace keeps at least one owner", check: ownersStay},
		{ID: "P160", Says: "an admin manages members and settings, and no owner", check: adminsBounded},
		{ID: "P161", Says: "a member sees what is theirs and what is shared, and nothing else exists for them", check: membersSeeTheirs},
		{ID: "P162", Says: "a viewer changes nothing", check: viewersRead},
		{ID: "P171", Says: "every operation of the API refuses what its schema does not allow", check: inputChecked},
		{ID: "P172", Says: "no input becomes SQL", check: inCI("TestSQLIsConstant reads every query of the source; sqlmap is run by docs/runbooks/scanning.md")},
		{ID: "P173", Says: "a content security policy confines every page", check: pagesConfined},
		{ID: "P174", Says: "what is shown is encoded for where it stands", check: contentEscaped},
		{ID: "P175", Says: "no other site can make a browser change anything", check: crossSiteRefused},
		{ID: "P176", Says: "every address has a limit", check: everyAddressLimited},
		{ID: "P218", Says: "every request is logged with who, address, time, route and status, refused ones too", check: staged(credential.Logged)},
	}
}

// inCI is a promise about the source. The running program cannot know it and does not claim to.
func inCI(by string) func(context.Context, *proof) (finding, error) {
	return func(context.Context, *proof) (finding, error) { return finding{InCI, by}, nil }
}
