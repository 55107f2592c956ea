// A client in the form that the README of openapi-generator for Go shows. The test copies this file
// to another folder and generates the package `edgegate` there.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	edgegate "example.com/clients/edgegate"
)

var (
	ada, root, password = os.Getenv("ADA"), os.Getenv("ROOT"), os.Getenv("PASSWORD")
	client              *edgegate.APIClient
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Returns the body of an error answer as a T. Ends the program if the error has no such body.
func model[T any](err error) T {
	var refused *edgegate.GenericOpenAPIError
	if !errors.As(err, &refused) {
		log.Fatalf("not refused: %v", err)
	}
	answer, ok := refused.Model().(T)
	if !ok {
		log.Fatalf("%T: %s", refused.Model(), refused.Body())
	}
	return answer
}

func login(email, password string) (*edgegate.SignedIn, error) {
	body := *edgegate.NewLoginRequest(email, password)
	answer, _, err := client.TokensAPI.GenerateToken(context.Background()).LoginRequest(body).Execute()
	return answer, err
}

func signedInAs(answer *edgegate.SignedIn) context.Context {
	return context.WithValue(context.Background(), edgegate.ContextAccessToken, answer.AccessToken)
}

func renew(token string) (*edgegate.TokenPair, error) {
	body := *edgegate.NewTokenRequest("refresh_token")
	body.SetRefreshToken(token)
	answer, _, err := client.TokensAPI.RenewToken(context.Background()).TokenRequest(body).Execute()
	return answer, err
}

func main() {
	settings := edgegate.NewConfiguration()
	settings.Servers = edgegate.ServerConfigurations{{URL: os.Getenv("ORIGIN")}}
	client = edgegate.NewAPIClient(settings)

	first, err := login(ada, password)
	must(err)
	asAda := signedInAs(first)
	second, err := login(root, password)
	must(err)
	asRoot := signedInAs(second)

	_, err = login(ada, "wrong")
	wrong := model[edgegate.Problem](err)
	_, err = login(ada, strings.Repeat("x", 129))
	long := model[edgegate.Problem](err)
	change := *edgegate.NewChangePasswordRequest(password, "password")
	_, _, err = client.AccountsAPI.ChangePassword(asAda).ChangePasswordRequest(change).Execute()
	weak := model[edgegate.Problem](err)

	asks := func(of context.Context, role string) (*edgegate.IsAuthorized200Response, error) {
		answer, _, err := client.ChecksAPI.IsAuthorized(of).Role([]string{role}).Execute()
		return answer, err
	}
	_, err = asks(context.Background(), "user")
	anonymous := model[edgegate.Problem](err)
	allowed, err := asks(asAda, "user")
	must(err)
	_, err = asks(asAda, "admin")
	denied := model[edgegate.IsAuthorized403Response](err)

	renewed, err := renew(first.GetRefreshToken())
	must(err)
	_, err = renew("nonsense")
	refused := model[edgegate.OAuthError](err)
	sessions, _, err := client.AccountsAPI.ListSessions(asAda).Execute()
	must(err)
	current := 0
	for _, session := range sessions.Sessions {
		if session.Current {
			current++
		}
	}

	found, _, err := client.AccountsAPI.ListUsers(asRoot).Email(ada).Execute()
	must(err)
	amend := *edgegate.NewAmendUserRequest()
	amend.SetFirstName("Augusta Ada")
	patched, _, err := client.AccountsAPI.AmendUser(asRoot, found.Users[0].Id).AmendUserRequest(amend).Execute()
	must(err)

	out := *edgegate.NewRevokeRequest()
	out.SetToken(first.GetRefreshToken())
	_, _, err = client.TokensAPI.LogOut(context.Background()).RevokeRequest(out).Execute()
	must(err)
	_, err = renew(first.GetRefreshToken())
	ended := model[edgegate.OAuthError](err)

	text, err := json.Marshal(map[string]any{
		"login":         first.User.Email,
		"refresh_token": first.HasRefreshToken(),
		"wrong":         wrong.Code,
		"field":         []string{long.Errors[0].Field, long.Errors[0].Reason},
		"weak":          weak.Reasons,
		"anonymous":     anonymous.Code,
		"authorized":    []bool{allowed.Authorized, denied.Authorized},
		"renewed":       renewed.TokenType,
		"refused":       refused.Error,
		"current":       current,
		"patched":       patched.GetFirstName(),
		"ended":         ended.Error,
	})
	must(err)
	fmt.Println(string(text))
}
