package gate

import (
	"slices"

	"mainstay/internal/audit"
)

// Verb names an act. Every verb has a row in the policy table; a verb without one is refused.
type Verb string

// The verbs.
const (
	ReadWorkspace   Verb = "workspace.read"
	ChangeWorkspace Verb = "workspace.change"
	CreateWorkspace Verb = "workspace.create"
	ClaimWorkspace  Verb = "workspace.claim"
	ReadMembers     Verb = "member.list"
	ReaddressMember Verb = "member.address"
	ReportMember    Verb = "member.report"
	CheckDeployment Verb = "deployment.check"
	ReadAudit       Verb = "audit.list"
	ReadAccess      Verb = "access.list"

	ListWebhooks  Verb = "webhook.list"
	CreateWebhook Verb = "webhook.create"
	ReadWebhook   Verb = "webhook.read"
	ChangeWebhook Verb = "webhook.change"
	AnnounceEvent Verb = "webhook.announce"
	SendWebhook   Verb = "webhook.send"
	NoteDelivery  Verb = "webhook.note"

	ListKeys     Verb = "key.list"
	CreateKey    Verb = "key.create"
	EndKey       Verb = "key.end"
	AllowProgram Verb = "program.allow"

	ChangeRole        Verb = "member.role"
	DisableMember     Verb = "member.disable"
	RemoveMember      Verb = "member.remove"
	ResetMember       Verb = "member.reset"
	RenameSelf        Verb = "member.rename"
	LeaveWorkspace    Verb = "workspace.leave"
	TransferWorkspace Verb = "workspace.transfer"
	ListInvitations   Verb = "invitation.list"
	Invite            Verb = "invitation.create"
	SendInvitation    Verb = "invitation.send"
	RevokeInvitation  Verb = "invitation.revoke"
	OpenInvitation    Verb = "invitation.open"
	AcceptInvitation  Verb = "invitation.accept"
	ReadSignIn        Verb = "policy.read"
	ChangeSignIn      Verb = "policy.change"

	ListMeetings  Verb = "meeting.list"
	CreateMeeting Verb = "meeting.create"
	ReadMeeting   Verb = "meeting.read"
	ChangeMeeting Verb = "meeting.change"
	DeleteMeeting Verb = "meeting.delete"
	EraseMeeting  Verb = "meeting.erase"

	BeginUpload    Verb = "upload.begin"
	ReadUpload     Verb = "upload.read"
	AppendUpload   Verb = "upload.append"
	FinishUpload   Verb = "upload.finish"
	EndUpload      Verb = "upload.end"
	PlayRecording  Verb = "recording.play"
	DecodeMedia    Verb = "recording.decode"
	DescribeMedia  Verb = "recording.describe"
	EraseRecording Verb = "recording.erase"
	DisposeMedia   Verb = "recording.dispose"

	ImportTranscript Verb = "transcript.import"
	WriteTranscript  Verb = "transcript.write"
	FailTranscript   Verb = "transcript.fail"
	FailMinutes      Verb = "minutes.fail"
	Listen           Verb = "speech.listen"
	RerunTranscript  Verb = "transcript.rerun"
	NameSpeaker      Verb = "speaker.name"
	EraseTranscript  Verb = "transcript.erase"

	BriefMinutes   Verb = "minutes.brief"
	DraftMinutes   Verb = "minutes.draft"
	ResolveMinutes Verb = "minutes.resolve"
	ReviseMinutes  Verb = "minutes.revise"
	EditMinutes    Verb = "minutes.edit"
	SubmitMinutes  Verb = "minutes.submit"
	ApproveMinutes Verb = "minutes.approve"
	EraseMinutes   Verb = "minutes.erase"

	ListWork   Verb = "work.list"
	ReadWork   Verb = "work.read"
	RerunWork  Verb = "work.rerun"
	CancelWork Verb = "work.cancel"

	MakeNotice    Verb = "notice.make"
	TellAccount   Verb = "notice.tell"
	MailNotice    Verb = "notice.mail"
	ListNotices   Verb = "notice.list"
	ReadNotice    Verb = "notice.read"
	ReadNotices   Verb = "notice.read-all"
	ChooseNotices Verb = "notice.choose"
	EndNotices    Verb = "notice.end"
	ReadMail      Verb = "mail.read"
	ChangeMail    Verb = "mail.change"
	TestMail      Verb = "mail.test"

	Disclose      Verb = "egress.send"
	DiscloseSound Verb = "recording.send"
	TestModel     Verb = "model.test"
	ReadLedger    Verb = "egress.list"
	ReadModel     Verb = "model.read"
	ChangeModel   Verb = "model.change"
	Collect       Verb = "storage.collect"
	BeginProof    Verb = "proof.begin"
	EndProof      Verb = "proof.end"

	EndDisclosure Verb = "egress.end"
	KeepAnswer    Verb = "request.keep"

	ReadProviders  Verb = "provider.list"
	AddProvider    Verb = "provider.add"
	ChangeProvider Verb = "provider.change"
	RemoveProvider Verb = "provider.remove"
	UseProvider    Verb = "provider.use"
	ClaimDomain    Verb = "domain.claim"
	ChangeDomain   Verb = "domain.change"

	// Acts of the instance, in no workspace.
	BeginSetup        Verb = "setup.begin"
	FinishSetup       Verb = "setup.finish"
	RegisterWorkspace Verb = "workspace.register"
	SignIn            Verb = "session.begin"
	TryFactor         Verb = "session.try"
	KeepAccess        Verb = "access.keep"
	BeginCeremony     Verb = "factor.begin"
	ReadFactors       Verb = "factor.list"
	AddFactor         Verb = "factor.add"
	RenameFactor      Verb = "factor.rename"
	RemoveFactor      Verb = "factor.remove"
	DoubtFactor       Verb = "factor.doubt"
	ResetFactors      Verb = "factor.reset"
	SendCode          Verb = "factor.send"
	SignOut           Verb = "session.end"
	IssueCredential   Verb = "credential.issue"
	UseCredential     Verb = "credential.use"
	EndCredential     Verb = "credential.end"
	RefreshToken      Verb = "token.refresh"
	BeginDevice       Verb = "device.begin"
	PollDevice        Verb = "device.poll"
	AnswerDevice      Verb = "device.answer"
	ReadSession       Verb = "session.read"
	ListAccounts      Verb = "account.list"
	DisableAccount    Verb = "account.disable"
	EnableAccount     Verb = "account.enable"
	TakeLetter        Verb = "letter.take"
	SettleLetter      Verb = "letter.settle"
	ReadProvider      Verb = "provider.read"
	PublishProvider   Verb = "provider.publish"
	PublishDomain     Verb = "domain.publish"
	ReturnSignIn      Verb = "provider.return"
	LinkIdentity      Verb = "identity.link"
	UnlinkIdentity    Verb = "identity.unlink"
	CountTries        Verb = "session.count"
	RotateSession     Verb = "session.rotate"
	ConfirmSession    Verb = "session.confirm"
	NameSession       Verb = "session.name"
	EndSessions       Verb = "session.clear"
	RehashPassword    Verb = "password.rehash"
	CreateAccount     Verb = "account.create"
	IndexInvitation   Verb = "invitation.index"
	OpenSeat          Verb = "seat.open"
	CloseSeat         Verb = "seat.close"
	ReadSeats         Verb = "seat.list"
	SwitchWorkspace   Verb = "session.switch"
	SetPasswordRules  Verb = "policy.passwords"
	WeighLink         Verb = "password.weigh"
	AskReset          Verb = "password.ask"
	ResetPassword     Verb = "password.reset"
	ChangePassword    Verb = "password.change"
	RenewPassword     Verb = "password.renew"
	AskVerification   Verb = "address.ask"
	VerifyAddress     Verb = "address.verify"
	ChangeAddress     Verb = "address.change"
	ReportAccount     Verb = "account.report"
)

// Role is a member's standing in a workspace. The zero value may do nothing.
type Role string

// The roles, from the most to the least.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
	Viewer Role = "viewer"
)

// Roles lists the roles from the most to the least.
func Roles() []Role { return []Role{Owner, Admin, Member, Viewer} }

// AtLeast reports whether the role is the other one or more. No role is at least nothing.
func (r Role) AtLeast(least Role) bool { return r.rank() > 0 && r.rank() >= least.rank() }

func (r Role) rank() int { return len(Roles()) - index(Roles(), r) }

// Level is what an actor may do with one record and its group. The zero value is nothing.
type Level string

// The levels, from the most to the least.
const (
	Manager     Level = "manager"
	Contributor Level = "contributor"
	Reader      Level = "reader"
)

func (l Level) rank() int { return 3 - index([]Level{Manager, Contributor, Reader}, l) }

// index is len(all) for what is not among them, so that an unknown role or level ranks 0.
func index[T comparable](all []T, one T) int {
	if i := slices.Index(all, one); i >= 0 {
		return i
	}
	return len(all)
}

// The narrow actors: what works without a person. Each may do only what the table names it for.
const (
	Transcriber   = "transcriber"
	MinuteTaker   = "minute taker"
	Collector     = "collector"
	Installer     = "installer"
	Authenticator = "authenticator"
	Prover        = "prover"
	Operator      = "operator" // whoever runs the deployment, on its machine
	Postman       = "postman"
	AnswerKeeper  = "answer keeper"
	AccessLogger  = "access logger"
	Notifier      = "notifier"
	Registrar     = "registrar" // seats people in workspaces
)

// Rule is a row of the policy table.
type Rule struct {
	Verb   Verb
	Says   string // what the act is, for docs/permissions.md
	Object Object // what the act is about, None for the workspace itself
	Least  Role   // the least role of a member who may; empty: no member may
	Level  Level  // the least level on the object's record
	Jobs   []string
	Scope  Scope // what an API key or a token must have been given for; empty: only a person in a browser may
	Stream audit.Stream

	Discloses bool // a job may only while who began it is an active member and may begin it still

	Confirm bool // the person must have shown a factor within [ConfirmAge]
	Hidden  bool // may be done to a deleted meeting (undo, erasure)
	Erases  bool // the record's key dies in the act, so its event is sealed under the workspace's
}

// Scope is what an API key or a token may be given for. A credential never has more than its person's role.
type Scope string

// The scopes. Anything is what every credential may.
const (
	Anything      Scope = "*"
	MeetingsRead  Scope = "meetings:read"
	MeetingsWrite Scope = "meetings:write"
	MembersRead   Scope = "members:read"
	MembersWrite  Scope = "members:write"
	SettingsRead  Scope = "settings:read"
	SettingsWrite Scope = "settings:write"
	AuditRead     Scope = "audit:read"
)

// Scopes lists what a person can give a credential for.
func Scopes() []Scope {
	return []Scope{MeetingsRead, MeetingsWrite, MembersRead, MembersWrite, SettingsRead, SettingsWrite, AuditRead}
}

// Policy returns the whole table: what is not in it is refused.
func Policy() []Rule {
	return []Rule{
		{Verb: ReadWorkspace, Says: "see the workspace's name and settings", Least: Viewer, Jobs: []string{Transcriber, MinuteTaker, Authenticator}, Scope: Anything, Stream: audit.Access},
		{Verb: ChangeWorkspace, Says: "change the workspace's settings", Least: Admin, Scope: SettingsWrite, Stream: audit.Administration},
		{Verb: CreateWorkspace, Says: "make a workspace", Jobs: []string{Installer, Registrar}, Stream: audit.Administration},
		{Verb: ClaimWorkspace, Says: "give a workspace that nobody owns its name and its first owner", Jobs: []string{Installer}, Stream: audit.Administration},
		{Verb: ReadMembers, Says: "see who is in the workspace", Least: Viewer, Scope: MembersRead, Stream: audit.Access},
		{Verb: ReaddressMember, Says: "note a member's address anew, once their account has another", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ReportMember, Says: "open a case: a member says that somebody else was in their account", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ChangeRole, Says: "change a member's role; an owner's, or to owner, as an owner only", Object: Person, Least: Admin, Level: Manager, Stream: audit.Administration, Confirm: true},
		{Verb: DisableMember, Says: "disable a member, or enable them again", Object: Person, Least: Admin, Level: Manager, Scope: MembersWrite, Stream: audit.Administration},
		{Verb: RemoveMember, Says: "remove a member", Object: Person, Least: Admin, Level: Manager, Scope: MembersWrite, Stream: audit.Administration},
		{Verb: ResetMember, Says: "make a link with which a member chooses a new password; an owner's as an owner only", Object: Person, Least: Admin, Level: Manager, Stream: audit.Administration, Confirm: true},
		{Verb: RenameSelf, Says: "change one's own name in the workspace", Least: Viewer, Stream: audit.Administration},
		{Verb: LeaveWorkspace, Says: "leave the workspace", Least: Viewer, Stream: audit.Administration, Confirm: true},
		{Verb: TransferWorkspace, Says: "hand one's ownership of the workspace to a member", Object: Person, Least: Owner, Level: Manager, Stream: audit.Administration, Confirm: true},
		{Verb: ListInvitations, Says: "see who is invited", Least: Admin, Scope: MembersRead, Stream: audit.Access},
		{Verb: Invite, Says: "invite somebody, with at most one's own role", Least: Admin, Scope: MembersWrite, Stream: audit.Administration},
		{Verb: SendInvitation, Says: "send an invitation again", Object: Invitation, Least: Admin, Level: Manager, Scope: MembersWrite, Stream: audit.Administration},
		{Verb: RevokeInvitation, Says: "revoke an invitation", Object: Invitation, Least: Admin, Level: Manager, Scope: MembersWrite, Stream: audit.Administration},
		{Verb: WeighLink, Says: "see whether who handed over a link for a new password still may", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: OpenInvitation, Says: "show an invitation to who has its link", Jobs: []string{Registrar}, Stream: audit.Access},
		{Verb: AcceptInvitation, Says: "make a member of who accepts an invitation", Jobs: []string{Registrar}, Stream: audit.Administration},
		{Verb: ReadSignIn, Says: "see what the workspace asks of sign-ins and passwords", Least: Admin, Scope: SettingsRead, Stream: audit.Access},
		{Verb: ChangeSignIn, Says: "change what the workspace asks of sign-ins and passwords", Least: Admin, Scope: SettingsWrite, Stream: audit.Administration},
		{Verb: CheckDeployment, Says: "have the deployment's parts tried", Least: Admin, Scope: SettingsRead, Stream: audit.Administration},
		{Verb: ReadAudit, Says: "read the audit log", Least: Admin, Scope: AuditRead, Stream: audit.Access},
		{Verb: ReadAccess, Says: "see who asked for which page", Least: Admin, Scope: AuditRead, Stream: audit.Access},

		{Verb: ListWebhooks, Says: "see which programs are told of events", Least: Admin, Scope: SettingsRead, Stream: audit.Access},
		{Verb: CreateWebhook, Says: "have a program told of events", Least: Admin, Scope: SettingsWrite, Stream: audit.Administration},
		{Verb: ReadWebhook, Says: "see what a webhook was sent", Object: Webhook, Least: Admin, Level: Reader, Scope: SettingsRead, Stream: audit.Access},
		{Verb: ChangeWebhook, Says: "change, test or remove a webhook", Object: Webhook, Least: Admin, Level: Reader, Scope: SettingsWrite, Stream: audit.Administration},
		{Verb: AnnounceEvent, Says: "find which webhooks want to know of an event", Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: SendWebhook, Says: "send an event's ids to a webhook", Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: NoteDelivery, Says: "note what a webhook answered", Jobs: []string{Notifier}, Stream: audit.Data},

		{Verb: ListKeys, Says: "see one's API keys and programs; owners and admins see everybody's", Least: Viewer, Stream: audit.Access},
		{Verb: CreateKey, Says: "make an API key that acts as oneself", Least: Viewer, Confirm: true, Stream: audit.Administration},
		{Verb: EndKey, Says: "end an API key or a program of one's own; owners and admins end anybody's", Object: Credential, Least: Viewer, Level: Reader, Stream: audit.Administration},
		{Verb: AllowProgram, Says: "let a program in that acts as oneself", Least: Viewer, Confirm: true, Stream: audit.Administration},

		{Verb: ListMeetings, Says: "list the meetings that one may read", Least: Viewer, Jobs: []string{Installer}, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: CreateMeeting, Says: "make a meeting", Least: Member, Jobs: []string{Installer}, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: ReadMeeting, Says: "open a meeting", Object: Meeting, Least: Viewer, Level: Reader, Jobs: []string{Transcriber, MinuteTaker, Installer}, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: ChangeMeeting, Says: "change title, date, attendees, settings", Object: Meeting, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: DeleteMeeting, Says: "delete a meeting, or undo that", Object: Meeting, Least: Member, Level: Manager, Scope: MeetingsWrite, Stream: audit.Data, Hidden: true},
		{Verb: EraseMeeting, Says: "destroy a meeting and all that belongs to it", Object: Meeting, Least: Member, Level: Manager, Jobs: []string{Collector}, Scope: MeetingsWrite, Stream: audit.Keys, Hidden: true, Erases: true},

		{Verb: BeginUpload, Says: "begin to upload a recording", Object: Meeting, Least: Member, Level: Contributor, Jobs: []string{Installer}, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: ReadUpload, Says: "ask how far an upload is", Object: Upload, Least: Member, Level: Contributor, Jobs: []string{Installer}, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: AppendUpload, Says: "add a part to an upload", Object: Upload, Least: Member, Level: Contributor, Jobs: []string{Installer}, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: FinishUpload, Says: "finish an upload", Object: Upload, Least: Member, Level: Contributor, Jobs: []string{Installer}, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: EndUpload, Says: "give up an upload", Object: Upload, Least: Member, Level: Contributor, Jobs: []string{Collector}, Scope: MeetingsWrite, Stream: audit.Keys, Erases: true},
		{Verb: PlayRecording, Says: "listen to a recording", Object: Recording, Least: Viewer, Level: Reader, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: DecodeMedia, Says: "open a recording to transcribe it", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Access},
		{Verb: DescribeMedia, Says: "store a recording's length and waveform", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Data},
		{Verb: EraseRecording, Says: "destroy a recording", Object: Recording, Least: Member, Level: Manager, Jobs: []string{Collector}, Scope: MeetingsWrite, Stream: audit.Keys, Hidden: true, Erases: true},
		{Verb: DisposeMedia, Says: "destroy a recording of which the transcript alone was wanted", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Keys, Hidden: true, Erases: true},

		{Verb: ImportTranscript, Says: "paste or import a transcript", Object: Meeting, Least: Member, Level: Contributor, Jobs: []string{Installer}, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: WriteTranscript, Says: "store what a recording said", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Data},
		{Verb: FailTranscript, Says: "mark a meeting whose recording could not be transcribed", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Data},
		{Verb: FailMinutes, Says: "mark a meeting whose minutes could not be drafted", Object: Transcript, Jobs: []string{MinuteTaker}, Stream: audit.Data},
		{Verb: RerunTranscript, Says: "transcribe a recording again", Object: Meeting, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: Listen, Says: "have a file heard that is not kept", Least: Member, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: NameSpeaker, Says: "name a speaker", Object: Transcript, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: EraseTranscript, Says: "destroy a transcript", Object: Transcript, Least: Member, Level: Manager, Jobs: []string{Collector}, Scope: MeetingsWrite, Stream: audit.Keys, Hidden: true, Erases: true},

		{Verb: BriefMinutes, Says: "read a transcript to draft minutes from it", Object: Transcript, Jobs: []string{MinuteTaker}, Stream: audit.Access},
		{Verb: DraftMinutes, Says: "draft minutes from a transcript", Object: Transcript, Jobs: []string{MinuteTaker}, Stream: audit.Data},
		{Verb: EditMinutes, Says: "change a line of a draft", Object: Minutes, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: ReviseMinutes, Says: "read a meeting whose details changed, to find owners and dates anew", Object: Meeting, Jobs: []string{MinuteTaker}, Stream: audit.Access},
		{Verb: ResolveMinutes, Says: "find owners and dates of a draft anew", Object: Minutes, Jobs: []string{MinuteTaker}, Stream: audit.Data},
		{Verb: SubmitMinutes, Says: "ask others to read minutes", Object: Minutes, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: ApproveMinutes, Says: "approve minutes", Object: Minutes, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: EraseMinutes, Says: "destroy minutes", Object: Minutes, Least: Member, Level: Manager, Jobs: []string{Collector}, Scope: MeetingsWrite, Stream: audit.Keys, Hidden: true, Erases: true},

		{Verb: ListWork, Says: "see the work that runs, waits and failed", Least: Viewer, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: ReadWork, Says: "follow one piece of work", Object: Step, Least: Viewer, Level: Reader, Scope: MeetingsRead, Stream: audit.Access},
		{Verb: RerunWork, Says: "run failed work again", Object: Step, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},
		{Verb: CancelWork, Says: "cancel work", Object: Step, Least: Member, Level: Contributor, Scope: MeetingsWrite, Stream: audit.Data},

		{Verb: MakeNotice, Says: "tell people of what happened", Object: Step, Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: TellAccount, Says: "tell a member of what happened to their own account", Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: MailNotice, Says: "mail a notice to whom it is for, if they may still read what it is about", Object: Notice, Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: ListNotices, Says: "list one's own notices", Least: Viewer, Stream: audit.Access},
		{Verb: ReadNotice, Says: "open one of one's own notices, which marks it as read", Object: Notice, Least: Viewer, Level: Reader, Stream: audit.Data},
		{Verb: ReadNotices, Says: "mark all of one's own notices as read", Least: Viewer, Stream: audit.Data},
		{Verb: ChooseNotices, Says: "choose what one is told of, and how", Least: Viewer, Stream: audit.Data},
		{Verb: EndNotices, Says: "end mails of a kind by the link in one", Jobs: []string{Notifier}, Stream: audit.Data},
		{Verb: ReadMail, Says: "see how mail goes and how much content mails hold", Least: Admin, Scope: SettingsRead, Stream: audit.Access},
		{Verb: ChangeMail, Says: "set how much content mails hold", Least: Owner, Scope: SettingsWrite, Stream: audit.Administration},
		{Verb: TestMail, Says: "send a test mail to oneself", Least: Admin, Stream: audit.Administration},

		{Verb: Disclose, Says: "send a meeting's text to the model that the owner chose", Object: Transcript, Jobs: []string{MinuteTaker}, Stream: audit.Data, Discloses: true},
		{Verb: DiscloseSound, Says: "send a recording's sound to the speech engine that the operator chose", Object: Recording, Jobs: []string{Transcriber}, Stream: audit.Data, Discloses: true},
		{Verb: TestModel, Says: "send an invented sentence to the model that the owner chose", Least: Owner, Stream: audit.Administration},
		{Verb: EndDisclosure, Says: "note in the ledger how a call to a model or an engine ended", Least: Owner, Jobs: []string{MinuteTaker, Transcriber, Notifier}, Stream: audit.Data},
		{Verb: KeepAnswer, Says: "keep the answer to a program's request, to give it again", Jobs: []string{AnswerKeeper}, Stream: audit.Data},
		{Verb: ReadLedger, Says: "see what was sent to models", Least: Admin, Scope: AuditRead, Stream: audit.Access},
		{Verb: ReadModel, Says: "see which model the workspace uses", Least: Member, Jobs: []string{MinuteTaker}, Scope: SettingsRead, Stream: audit.Access},
		{Verb: ChangeModel, Says: "choose, change or switch off the model", Least: Owner, Confirm: true, Stream: audit.Administration},
		{Verb: Collect, Says: "remove what nothing refers to", Jobs: []string{Collector}, Stream: audit.Keys},
		{Verb: BeginProof, Says: "make a workspace of its own to check the promises in", Jobs: []string{Prover}, Stream: audit.Administration},
		{Verb: EndProof, Says: "destroy that workspace", Jobs: []string{Prover}, Stream: audit.Keys},

		{Verb: ReadProviders, Says: "see through which identity providers people sign in", Least: Admin, Scope: SettingsRead, Stream: audit.Access},
		{Verb: AddProvider, Says: "add an identity provider", Least: Owner, Confirm: true, Stream: audit.Administration},
		{Verb: ChangeProvider, Says: "change, test, turn on or off an identity provider", Object: Provider, Least: Owner, Level: Manager, Confirm: true, Stream: audit.Administration},
		{Verb: RemoveProvider, Says: "remove an identity provider", Object: Provider, Least: Owner, Level: Manager, Confirm: true, Stream: audit.Keys, Erases: true},
		{Verb: UseProvider, Says: "sign somebody in through an identity provider", Object: Provider, Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: ClaimDomain, Says: "claim a domain for the workspace", Least: Owner, Confirm: true, Stream: audit.Administration},
		{Verb: ChangeDomain, Says: "prove a domain, or remove it", Object: Domain, Least: Owner, Level: Manager, Confirm: true, Stream: audit.Administration},

		{Verb: BeginSetup, Says: "issue the setup token", Jobs: []string{Installer, Operator}, Stream: audit.Administration},
		{Verb: FinishSetup, Says: "use the setup token", Jobs: []string{Installer}, Stream: audit.Administration},
		{Verb: RegisterWorkspace, Says: "enter a workspace in the deployment's list", Jobs: []string{Installer, Registrar}, Stream: audit.Administration},
		{Verb: SignIn, Says: "sign in", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: TryFactor, Says: "try a second factor", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: IssueCredential, Says: "make a key work", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: UseCredential, Says: "check a key or token; its first use in an hour leaves an event", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: EndCredential, Says: "end a key, or a program with its tokens", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: RefreshToken, Says: "take a refresh token for the next pair", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: BeginDevice, Says: "note that a program asks to be let in", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: PollDevice, Says: "tell a waiting program what its person decided", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: AnswerDevice, Says: "note what the person decided about a program", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: KeepAccess, Says: "store, find and remove lines of the access log", Jobs: []string{AccessLogger}, Stream: audit.Access},
		{Verb: BeginCeremony, Says: "begin to make a factor, or to show a passkey", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ReadFactors, Says: "see one's own factors", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: AddFactor, Says: "add a factor to one's account", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: RenameFactor, Says: "rename a passkey of one's own", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: RemoveFactor, Says: "remove a factor of one's account", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: DoubtFactor, Says: "mark a passkey of which a copy may be in use", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ResetFactors, Says: "remove all factors of an account, by its operator", Jobs: []string{Operator}, Stream: audit.Administration},
		{Verb: SendCode, Says: "send a code by text message", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: SignOut, Says: "sign out", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ListAccounts, Says: "list the deployment's accounts, on its machine", Jobs: []string{Operator}, Stream: audit.Administration},
		{Verb: DisableAccount, Says: "close an account, on the deployment's machine", Jobs: []string{Operator}, Stream: audit.Administration},
		{Verb: EnableAccount, Says: "open a closed account again, on the deployment's machine", Jobs: []string{Operator}, Stream: audit.Administration},
		{Verb: ReadSession, Says: "check a session", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: TakeLetter, Says: "take a letter from the outbox to send it", Jobs: []string{Postman}, Stream: audit.Access},
		{Verb: SettleLetter, Says: "note whether a letter was sent", Jobs: []string{Postman}, Stream: audit.Administration},
		{Verb: ReadProvider, Says: "find an identity provider, a link or a proven domain", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: PublishProvider, Says: "list a workspace's identity provider, or not", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: PublishDomain, Says: "list a domain as proven, or not", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ReturnSignIn, Says: "come back from an identity provider", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: LinkIdentity, Says: "link an account to somebody at an identity provider", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: UnlinkIdentity, Says: "remove such a link", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: CountTries, Says: "count tries to sign in", Jobs: []string{Authenticator}, Stream: audit.Access},
		{Verb: RotateSession, Says: "give a session a new token", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ConfirmSession, Says: "note that a session's person has shown a factor again", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: NameSession, Says: "name one's session", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: EndSessions, Says: "end other sessions of an account, or all", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: RehashPassword, Says: "store a password's hash anew, at today's cost", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: CreateAccount, Says: "make an account for who holds an invitation", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: IndexInvitation, Says: "enter, replace or end the link of an invitation", Jobs: []string{Registrar}, Stream: audit.Administration},
		{Verb: OpenSeat, Says: "let an account into a workspace", Jobs: []string{Registrar}, Stream: audit.Administration},
		{Verb: CloseSeat, Says: "let an account into a workspace no more, and end its sessions there", Jobs: []string{Registrar}, Stream: audit.Administration},
		{Verb: ReadSeats, Says: "look up which workspaces an account may enter", Jobs: []string{Registrar}, Stream: audit.Access},
		{Verb: SwitchWorkspace, Says: "take a session to another workspace of its account", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: SetPasswordRules, Says: "store what a workspace asks of passwords", Jobs: []string{Registrar}, Stream: audit.Administration},
		{Verb: AskReset, Says: "make a link to choose a new password", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ResetPassword, Says: "choose a new password by such a link", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ChangePassword, Says: "change one's password", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: RenewPassword, Says: "choose a new password in place of one that is too old, and sign in with it", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: AskVerification, Says: "make a link to show that an address is one's own", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: VerifyAddress, Says: "show that an address is one's own by such a link", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ChangeAddress, Says: "change the address of one's account", Jobs: []string{Authenticator}, Stream: audit.Administration},
		{Verb: ReportAccount, Says: "report that somebody else was in one's account", Jobs: []string{Authenticator}, Stream: audit.Administration},
	}
}

func table() map[Verb]Rule {
	rules := make(map[Verb]Rule)
	for _, r := range Policy() {
		rules[r.Verb] = r
	}
	return rules
}
